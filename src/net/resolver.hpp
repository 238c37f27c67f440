#pragma once
// What only tests and the dns check need of the resolver: other name servers than the system's.

#include "net/dialer.hpp"

namespace vedette::net {

struct ResolverOptions {
    std::string servers;      ///< "10.0.0.10:53,[::1]:5353" in place of resolv.conf's; empty: the system's
    bool with_search = true;  ///< use resolv.conf's search list
};

/// As make_system_resolver. Lifetime: outlives its lookups; `clock` outlives it.
std::unique_ptr<Resolver> make_resolver(asio::any_io_executor executor, Clock& clock, ResolverOptions options);

}  // namespace vedette::net
