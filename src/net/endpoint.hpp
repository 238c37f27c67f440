#pragma once
#include <cstdint>
#include <string>

namespace vedette::net {

/// Where to connect: a name or an address literal (IPv6 without brackets), and a port.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    auto operator<=>(Endpoint const&) const = default;
};

/// "host:port", IPv6 literals in brackets.
std::string to_string(Endpoint const& endpoint);

}  // namespace vedette::net
