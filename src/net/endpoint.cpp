#include "net/endpoint.hpp"

#include <fmt/format.h>

namespace vedette::net {

std::string to_string(Endpoint const& endpoint) {
    bool const literal_v6 = endpoint.host.find(':') != std::string::npos;
    return literal_v6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                      : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

}  // namespace vedette::net
