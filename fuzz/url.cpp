// URLs: what parses has a scheme, a host and a port; refusals never repeat a password; percent coding is undone.

#include "net/http.hpp"
#include "target.hpp"

#include <algorithm>

namespace vedette::fuzz {

void fuzz(std::string_view input) {
    auto const url = net::parse_url(input);
    if (observe(url)) {
        ensure(url->scheme == "http" || url->scheme == "https", "a known scheme");
        ensure(!url->host.empty() && url->port != 0, "somewhere to connect to");
        ensure(url->target.starts_with('/'), "something to ask for");
        ensure(url->target.find_first_of("\r\n #") == std::string::npos, "a target ends no request line");
        ensure(url->host.find_first_of("\r\n /@") == std::string::npos, "a host ends no header");
    }
    auto const secret = net::parse_url("https://user:hunter2hunter2@" + std::string(input));
    if (!secret) {
        ensure(secret.error().text().find("hunter2") == std::string::npos || input.find("hunter2") != std::string::npos,
               "a refusal repeats no password");
    }
    auto const decoded = net::percent_decode(net::percent_encode(input));
    ensure(decoded.has_value() && *decoded == input, "percent coding loses nothing");
    observe(net::percent_decode(input));
}

}  // namespace vedette::fuzz
