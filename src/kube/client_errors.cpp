// Refusals become errors that keep Kubernetes' message and reason. A 401, 403, 413, 429 or 5xx means the same whoever
// says it. Everything else is believed only in a Status object: any web server answers 404, and "this kind is not
// served" must not be read into that. The Status also tells a missing object from a missing kind and a taken name from
// a lost race.

#include "kube/client_errors.hpp"

#include "base/json.hpp"
#include "base/redact.hpp"
#include "base/utf8.hpp"
#include "kube/client.hpp"

#include <charconv>

namespace vedette::kube {
namespace {

namespace json = boost::json;

constexpr std::size_t quoted_characters = 80;

// What a status means whoever answers, a gateway in front of the API server included; nothing where only the API
// server's own word counts.
std::optional<Errc> code_of_anybody(int status) {
    switch (status) {
        case 401:
            return Errc::unauthorized;
        case 403:
            return Errc::denied;
        case 413:
            return Errc::too_large;
        case 429:
            return Errc::too_many_requests;
        default:
            return status >= 500 ? std::optional(Errc::unavailable) : std::nullopt;
    }
}

Errc code_of(int status, json::object const& body) {
    if (auto const known = code_of_anybody(status)) return *known;
    auto const reason = get_string(body, "reason");
    switch (status) {
        case 404:
            if (reason != "NotFound") return Errc::rejected;
            return get_string(body, "details.name").empty() ? Errc::unsupported : Errc::not_found;
        case 409:
            return reason == "AlreadyExists" ? Errc::already_exists : Errc::conflict;
        case 410:
            return Errc::gone;
        case 405:
        case 406:
        case 415:
            return Errc::unsupported;
        default:
            return Errc::rejected;
    }
}

// What a terminal can show of the beginning, white space folded.
std::string beginning_of(std::string_view text) {
    std::string shown;
    std::size_t characters = 0;
    bool space = false;
    while (!text.empty() && characters < quoted_characters) {
        auto const point = first_code_point(text);
        auto const bytes = text.substr(0, point.length);
        text.remove_prefix(point.length);
        if (point.value <= 0x20) {
            space = !shown.empty();
            continue;
        }
        if (!point.valid || (point.value >= 0x7F && point.value < 0xA0)) continue;
        if (space) shown += ' ';
        space = false;
        shown += bytes;
        ++characters;
    }
    if (!text.empty()) shown += "...";
    return shown;
}

}  // namespace

Error error_of_status(std::string const& what, int code, json::object const& status) {
    auto message = get_string(status, "message");
    auto const reason = get_string(status, "reason");
    if (message.empty()) message = fmt::format("HTTP {}", code);
    // Some messages are the reason alone ("Unauthorized"): saying it twice tells nobody anything.
    bool const told = reason.empty() || reason == message;
    auto const last_word = told ? fmt::format("HTTP {}", code) : reason;
    return {code_of(code, status), fmt::format("{}: {} ({})", what, redact(message), last_word)};
}

Error error_of_foreign(std::string const& what, int code, std::string const& body) {
    auto const shown = beginning_of(redact(std::string_view(body).substr(0, 4096)));
    // What the API server says where no API is served.
    if (code == 404 && shown == "404 page not found") {
        return {Errc::unsupported,
                fmt::format("{}: the server could not find the requested resource (HTTP 404)", what)};
    }
    auto const kind = code_of_anybody(code).value_or(Errc::malformed);
    if (shown.empty()) return {kind, fmt::format("{}: HTTP {} without a body", what, code)};
    auto const* const lacks = shown.starts_with('{') ? "a Kubernetes Status" : "JSON";
    return {kind, fmt::format("{}: HTTP {}: \"{}\" is not {}: not a Kubernetes API server?", what, code, shown, lacks)};
}

std::optional<Duration> retry_after(net::Headers const& headers) {
    auto const text = headers.get("Retry-After");
    if (!text) return std::nullopt;
    std::uint32_t seconds = 0;
    auto const* const end = text->data() + text->size();
    auto const read = std::from_chars(text->data(), end, seconds);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return std::chrono::seconds(seconds);
}

bool may_pass(Errc code) {
    switch (code) {
        // Not dns_failure: the resolver has asked every name server twice, which took long enough.
        case Errc::refused:
        case Errc::unreachable:
        case Errc::reset:
        case Errc::closed:
        case Errc::proxy_failure:
        case Errc::io:
            return true;
        default:
            return false;
    }
}

Error error_of(Request const& request, int status, std::string const& body) {
    auto const parsed = parse_json(body, "answer");
    if (!parsed || !parsed->is_object()) return error_of_foreign(request.what, status, body);
    auto const& object = parsed->get_object();
    // Gateways speak JSON too: what they say about themselves is worth reading, about Kubernetes it is not.
    bool const ours = get_string(object, "kind") == "Status";
    if (!ours && !code_of_anybody(status)) return error_of_foreign(request.what, status, body);
    return error_of_status(request.what, status, object);
}

}  // namespace vedette::kube
