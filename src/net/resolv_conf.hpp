#pragma once
// What resolv.conf(5) says beyond the servers themselves, which c-ares reads.

#include "base/clock.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vedette::net {

struct ResolvConf {
    std::vector<std::string> search;
    std::size_t ndots = 1;                       ///< a name with fewer dots is asked for under the search list first
    Duration timeout = std::chrono::seconds(2);  ///< for one server's answer; doubled in each further round
    int attempts = 2;                            ///< rounds over all servers

    bool operator==(ResolvConf const&) const = default;
};

/// Never fails: as for every other reader of it, a line that cannot be understood counts for nothing. Bounds are
/// those of resolv.conf(5): 15 dots, 30 seconds, 5 attempts.
ResolvConf parse_resolv_conf(std::string_view text);

/// The names to ask for in turn, none with a final dot.
std::vector<std::string> names_to_ask(std::string_view host, ResolvConf const& conf);

}  // namespace vedette::net
