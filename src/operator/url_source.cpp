// One request per hop: judge the host, ask with what is known of the version, take the text or the next hop.
//
// The cache is asked per hop and not per first URL: versions belong to the address that named them, wherever a
// redirect leads tomorrow.

#include "operator/url_source.hpp"

#include "base/redact.hpp"
#include "check/catalogue/probes/printable.hpp"
#include "net/http_codec.hpp"
#include "net/redirect.hpp"

namespace vedette::op {
namespace {

constexpr int ok = 200;
constexpr int not_modified = 304;

// For people: neither credentials nor a query, which is where signed URLs keep theirs.
std::string shown(net::Url const& url) {
    auto place = net::to_string({url.host, url.port});
    bool const usual = url.port == (url.scheme == "https" ? 443 : 80);
    if (usual) place.erase(place.rfind(':'));
    return check::printable(fmt::format("{}://{}{}", url.scheme, place, url.target.substr(0, url.target.find('?'))),
                            200);
}

bool is_html(net::Headers const& headers) {
    auto const type = headers.get("Content-Type").value_or("");
    auto const name = std::string_view(type).substr(0, type.find(';'));
    auto const end = name.find_last_not_of(" \t");
    auto const bare = name.substr(0, end == std::string_view::npos ? 0 : end + 1);
    return net::same_word(bare, "text/html") || net::same_word(bare, "application/xhtml+xml");
}

bool begins_with_markup(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    auto const first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '<';
}

std::unexpected<Error> no_workflow() {
    return fail(Errc::invalid_input,
                "answered with an HTML page, not with a Workflow: give the address of the raw file");
}

Errc code_of(int status) {
    if (status == 429) return Errc::too_many_requests;
    return status >= 500 ? Errc::unavailable : Errc::rejected;
}

std::string whole(net::Url const& url) {
    return fmt::format("{}://{}{}", url.scheme, net::to_string({url.host, url.port}), url.target);
}

net::HttpRequest request_for(net::Url const& url, std::string const& user, CachedText const* known) {
    net::HttpRequest request{.target = url.target};
    request.headers.add("User-Agent", "vedette/" VEDETTE_VERSION);
    request.headers.add("Accept", "*/*");
    if (!user.empty()) request.headers.add("Authorization", net::basic_authorization(user));
    if (known && !known->etag.empty()) request.headers.add("If-None-Match", known->etag);
    if (known && !known->last_modified.empty()) request.headers.add("If-Modified-Since", known->last_modified);
    return request;
}

}  // namespace

Result<void> check_host(net::Url const& url, net::AddressPolicy const& policy) {
    bool const ascii = std::ranges::all_of(url.host, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!ascii) return fail(Errc::invalid_input, "its host is not ASCII: write the name's xn-- form");
    return policy.check_host(url.host);
}

struct UrlSource::Hop {
    net::Url url;
    std::string user;
};

// What one request came to: the text, or where to ask next.
struct UrlSource::Step {
    std::string text;
    std::optional<std::string> location;
};

UrlSource::UrlSource(asio::any_io_executor executor, Clock& clock, net::GuardedDialer& dialer, net::Tls& tls,
                     UrlSourceOptions options)
    : dialer_(dialer),
      options_(std::move(options)),
      http_(net::make_http_client(std::move(executor), clock, dialer, tls)),
      cache_(options_.cache_entries, options_.cache_bytes) {}

Task<std::string> UrlSource::read(std::string url, bool verify, Deadline deadline) {
    auto first = net::parse_url(url);
    if (!first) co_return pass(first, "url");
    auto text = co_await follow(std::move(*first), verify, deadline);
    if (text) co_return text;
    // What peers say stands in it.
    co_return std::unexpected(Error(text.error().code(), check::printable(redact(text.error().text()))));
}

Task<std::string> UrlSource::follow(net::Url first, bool verify, Deadline deadline) {
    Hop hop{first, first.user};
    auto name = "url " + shown(first);
    for (int redirects = 0;; ++redirects) {
        auto step = co_await ask(hop, verify, deadline);
        if (!step) co_return pass(step, name);
        if (!step->location) co_return std::move(step->text);
        if (redirects == options_.redirects) {
            co_return fail(Errc::rejected, "{}: more than {} redirects", name, options_.redirects);
        }
        auto next = net::parse_url(net::resolve_location(hop.url, *step->location));
        if (!next) co_return pass(next, name + ": redirects");
        hop.user = net::same_origin(*next, first) ? first.user : next->user;
        hop.url = std::move(*next);
        name = fmt::format("url {}, redirected to {}", shown(first), shown(hop.url));
    }
}

Task<UrlSource::Step> UrlSource::ask(Hop const& hop, bool verify, Deadline deadline) {
    // The dialer judges again: behind a proxy it would see only the proxy.
    if (auto allowed = check_host(hop.url, dialer_.policy()); !allowed) co_return pass(allowed);
    auto origin = net::origin_of(hop.url, options_.environment);
    if (!origin) co_return pass(origin);
    if (origin->tls) origin->tls->verify = verify;
    CacheKey key{whole(hop.url), hop.user, verify};
    auto const known = cache_.find(key);
    auto request = request_for(hop.url, hop.user, known.get());
    auto response = co_await http_->send(std::move(*origin), std::move(request), deadline);
    if (!response) co_return pass(response);
    auto const location = response->headers.get("Location");
    if (net::is_redirect(response->status) && location) co_return Step{.location = location};
    if (response->status == not_modified && known) co_return Step{.text = known->text};
    if (response->status != ok) {
        co_return fail(code_of(response->status), "answered {}, not 200", response->status);
    }
    if (is_html(response->headers)) co_return no_workflow();
    auto const headers = std::move(response->headers);
    auto text = co_await net::read_all(std::move(response->body), options_.limit, deadline);
    if (!text) co_return std::unexpected(text.error());
    if (begins_with_markup(*text)) co_return no_workflow();
    CachedText fresh{*text, headers.get("ETag").value_or(""), headers.get("Last-Modified").value_or("")};
    bool const keep = !net::has_token(headers, "Cache-Control", "no-store");
    if (keep && !(fresh.etag.empty() && fresh.last_modified.empty())) {
        cache_.put(std::move(key), std::move(fresh));
    } else {
        cache_.forget(key);
    }
    co_return Step{.text = std::move(*text)};
}

}  // namespace vedette::op
