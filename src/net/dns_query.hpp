#pragma once
// One question to one name server, and what it said word for word: the dns check judges answers, so a failure such as
// NXDOMAIN is an answer here and not an error.

#include "base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::net {

/// Record types by their numbers (RFC 1035, 2782, 3596).
enum class DnsType : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    ptr = 12,
    mx = 15,
    txt = 16,
    aaaa = 28,
    srv = 33,
};

/// By its name in capitals: "AAAA".
std::optional<DnsType> find_dns_type(std::string_view name);

struct DnsQuestion {
    std::string name;  ///< asked as it stands, without a search list; an address is asked by its reverse name for ptr
    DnsType type = DnsType::a;
    std::string server;     ///< "10.0.0.10:53", "10.0.0.10", "[fd00::a]:53", "fd00::a"; empty: resolv.conf's
    bool over_tcp = false;  ///< from the start; otherwise only when the answer is too long for UDP
    bool recursive = true;  ///< the server may ask others (the RD bit)
};

struct DnsAnswer {
    std::string rcode;                 ///< "NOERROR", "NXDOMAIN", ...; "RCODE9" where it has no common name
    std::vector<std::string> answers;  ///< records of the type asked for, in the server's order
    std::chrono::seconds ttl{};        ///< the least of these records; 0 without any

    bool operator==(DnsAnswer const&) const = default;
};

/// Takes a DNS message apart (RFC 1035, 4.1). A record reads as zone files have it, without the final dot of names:
/// "10 mail.example", "0 5 8080 web.example" (SRV), "ns.example admin.example 2026010101 7200 3600 1209600 300" (SOA);
/// the strings of a TXT record are joined. CNAMEs that lead to another type are left out. Errors: malformed.
Result<DnsAnswer> read_dns_reply(std::string_view message, DnsType type);

/// Asks over UDP, and over TCP when the answer is too long for UDP, or only over TCP. The first server that answers at
/// all is believed. `clock` outlives it. Cancellation: every socket is closed before the task unwinds.
///
/// Errors: invalid_input (name or server); refused (nobody listens there); timed_out; malformed; io.
Task<DnsAnswer> query_dns(asio::any_io_executor executor, Clock& clock, DnsQuestion question, Deadline deadline);

}  // namespace vedette::net
