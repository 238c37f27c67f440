// Which proxy, by the environment. The rules are those of golang.org/x/net/http/httpproxy, so that a cluster's
// usual NO_PROXY means the same to us as to kubectl.

#include "base/base64.hpp"
#include "base/trim.hpp"
#include "net/http_client.hpp"
#include "net/text.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace vedette::net {
namespace {

using Address = asio::ip::address;
// ::ffff:10.0.0.1 is 10.0.0.1, as in Go.
std::optional<Address> read_address(std::string_view text) {
    auto const address = parse_address(text);
    if (address && address->is_v6() && address->to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address->to_v6());
    }
    return address;
}

std::string upper_or_lower(Environment const& environment, std::string const& name) {
    auto const upper = environment(name).value_or("");
    return upper.empty() ? environment(lower(name)).value_or("") : upper;
}

// Whether `entry` is a range in CIDR notation, and if so, whether it holds `address`.
std::optional<bool> in_range(std::string const& entry, std::optional<Address> const& address) {
    boost::system::error_code error;
    auto const four = asio::ip::make_network_v4(entry, error);
    if (!error) {
        if (!address || !address->is_v4()) return false;
        return asio::ip::network_v4(address->to_v4(), four.prefix_length()).canonical() == four.canonical();
    }
    auto const six = asio::ip::make_network_v6(entry, error);
    if (error) return std::nullopt;
    if (!address || !address->is_v6()) return false;
    return asio::ip::network_v6(address->to_v6(), six.prefix_length()).canonical() == six.canonical();
}

struct HostPort {
    std::string host;
    std::string port;  // empty: every port
};

// "host:port" and "[v6]:port"; whatever has no port, or more colons than that, is a host as a whole.
HostPort split(std::string const& entry) {
    if (entry.starts_with('[')) {
        auto const close = entry.find(']');
        if (close == std::string::npos || close + 1 >= entry.size() || entry[close + 1] != ':') return {entry, ""};
        return {entry.substr(1, close - 1), entry.substr(close + 2)};
    }
    auto const colon = entry.find(':');
    if (colon == std::string::npos || colon != entry.rfind(':')) return {entry, ""};
    return {entry.substr(0, colon), entry.substr(colon + 1)};
}

bool matches(std::string const& entry, std::string const& host, std::optional<Address> const& address,
             std::uint16_t port) {
    if (auto const contained = in_range(entry, address)) return *contained;
    auto [name, entry_port] = split(entry);
    if (name.empty()) return false;
    bool const same_port = entry_port.empty() || entry_port == std::to_string(port);
    if (auto const literal = read_address(name)) return address && *address == *literal && same_port;
    if (name.starts_with("*.")) name.erase(0, 1);
    // "foo.com" is itself and all below it, ".foo.com" only what is below it.
    bool const itself = name.front() != '.' && host == name;
    auto const suffix = name.front() == '.' ? name : "." + name;
    return (itself || host.ends_with(suffix)) && same_port;
}

bool bypasses(std::string_view no_proxy, Endpoint const& endpoint) {
    auto const address = read_address(endpoint.host);
    if (endpoint.host == "localhost" || (address && address->is_loopback())) return true;
    auto const host = lower(trim(endpoint.host));
    while (!no_proxy.empty()) {
        auto const comma = std::min(no_proxy.find(','), no_proxy.size());
        auto const entry = lower(trim(no_proxy.substr(0, comma)));
        no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
        if (entry.empty()) continue;
        if (entry == "*" || matches(entry, host, address, endpoint.port)) return true;
    }
    return false;
}

}  // namespace

Result<std::optional<Url>> proxy_from_environment(std::string_view scheme, Endpoint const& endpoint,
                                                  Environment environment) {
    std::string const variable = scheme == "https" ? "HTTPS_PROXY" : "HTTP_PROXY";
    auto const text = upper_or_lower(environment, variable);
    if (text.empty() || bypasses(upper_or_lower(environment, "NO_PROXY"), endpoint)) return std::optional<Url>{};
    // Under CGI a client's "Proxy:" header arrives as HTTP_PROXY (CVE-2016-5385).
    if (scheme == "http" && !environment("REQUEST_METHOD").value_or("").empty()) {
        return fail(Errc::invalid_input, "HTTP_PROXY is not trusted in a CGI environment");
    }
    // "host:port" is a proxy too.
    auto url = parse_url(text.contains("://") ? text : "http://" + text);
    if (!url) return pass(url, variable);
    return std::optional<Url>(std::move(*url));
}

Result<Origin> origin_of(Url const& url, Environment const& environment) {
    Origin origin{.endpoint = {url.host, url.port}};
    if (url.scheme == "https") origin.tls = TlsOptions{.server_name = url.host};
    if (!environment) return origin;
    auto proxy = proxy_from_environment(url.scheme, origin.endpoint, environment);
    if (!proxy) return pass(proxy);
    origin.proxy = std::move(*proxy);
    return origin;
}

std::string basic_authorization(std::string_view user) {
    return "Basic " + base64_encode(user.contains(':') ? std::string(user) : std::string(user) + ":");
}

}  // namespace vedette::net
