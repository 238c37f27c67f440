#pragma once
// Finding the addresses of names.

#include "net/dns_query.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vedette::net {

/// Address literals that may be connected to now; called once or several times in one lookup.
using FoundAddresses = std::function<void(std::vector<std::string> addresses)>;

/// Finds the addresses of a name: /etc/hosts, else name servers, with resolv.conf's search list, ndots, timeout and
/// attempts.
class Resolver {
public:
    virtual ~Resolver() = default;

    /// Hands addresses to `found` as answers arrive, which it must not outlive: IPv6 at once, IPv4 at once or 50 ms
    /// later if the answer about IPv6 is still out (RFC 8305, 3). Returns when there is nothing more to come; at
    /// `deadline` what has been found counts. Success means that `found` was called.
    ///
    /// Errors: dns_failure (NXDOMAIN, no data, server failure: the text says which), timed_out, io.
    virtual Task<void> resolve(std::string host, Deadline deadline, FoundAddresses found) = 0;

    /// One question to one name server, as query_dns() puts it.
    virtual Task<DnsAnswer> query(DnsQuestion question, Deadline deadline) = 0;
};

/// c-ares on `executor`. Lifetime: outlives its lookups; `clock` outlives it.
std::unique_ptr<Resolver> make_system_resolver(asio::any_io_executor executor, Clock& clock);

/// Where a resolver of tests looks instead.
struct ResolverOptions {
    std::string servers;  ///< "10.0.0.10:53,[::1]:5353" in place of resolv.conf's; empty: the file's
    std::string resolv_conf = "/etc/resolv.conf";
    std::string hosts = "/etc/hosts";
};
std::unique_ptr<Resolver> make_resolver(asio::any_io_executor executor, Clock& clock, ResolverOptions options);

}  // namespace vedette::net
