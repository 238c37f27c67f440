// One loop, one request at a time. It shares the operator's reactor on purpose: a reactor that is stuck sends nothing.

#include "operator/heartbeat.hpp"

#include "base/duration.hpp"
#include "base/redact.hpp"
#include "base/trim.hpp"
#include "check/catalogue/probes/printable.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

constexpr Duration patience = 10s;
constexpr Duration look_again = 200ms;  // while nothing is sent
constexpr Duration shortest_interval = 1s;
constexpr std::size_t file_limit = 8 * 1024;

// The path of a dead man's switch is its key.
std::string shown(net::Url const& url) {
    return check::printable(fmt::format("{}://{}", url.scheme, net::to_string({url.host, url.port})), 200);
}

// What peers say may repeat what they were asked.
std::string without(std::string text, std::string_view secret) {
    if (secret.size() < 2) return text;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
        text.replace(at, secret.size(), "/...");
        at += 4;
    }
    return text;
}

std::string for_people(std::string text, net::Url const& url) {
    return check::printable(redact(without(without(std::move(text), url.target), url.user)));
}

Result<void> judge(int status) {
    if (status >= 200 && status < 300) return {};
    if (status >= 300 && status < 400) {
        return fail(Errc::rejected, "answered {}, and redirects are not followed: give the address it leads to",
                    status);
    }
    return fail(status >= 500 ? Errc::unavailable : Errc::rejected, "answered {}, not 2xx", status);
}

}  // namespace

Heartbeat::Heartbeat(HeartbeatDoors doors, HeartbeatOptions options)
    : doors_(std::move(doors)), options_(std::move(options)) {}

Result<std::unique_ptr<Heartbeat>> Heartbeat::make(HeartbeatDoors doors, HeartbeatOptions options) {
    if (!options.url.empty() && !options.url_file.empty()) {
        return fail(Errc::invalid_input, "--heartbeat-url and --heartbeat-url-file: give one of them");
    }
    if (options.interval < shortest_interval) {
        return fail(Errc::invalid_input, "--heartbeat-interval: at least {}", format_duration(shortest_interval));
    }
    std::unique_ptr<Heartbeat> made(new Heartbeat(std::move(doors), std::move(options)));
    if (auto url = made->url(); !url) return pass(url);
    return made;
}

Result<net::Url> Heartbeat::url() const {
    if (options_.url_file.empty()) {
        auto url = net::parse_url(options_.url);
        if (!url) return pass(url, "--heartbeat-url");
        return url;
    }
    auto const text = doors_.files.read(options_.url_file, file_limit);
    if (!text) return fail(text.error().code(), "--heartbeat-url-file: {}", text.error().text());
    auto url = net::parse_url(trim(*text));
    if (!url) return pass(url, fmt::format("--heartbeat-url-file {}", options_.url_file));
    return url;
}

Async<void> Heartbeat::run(Unwell unwell) {
    auto well_until = doors_.clock.now();
    for (;;) {
        auto const begun = doors_.clock.now();
        if (auto const why = unwell()) {
            // A term takes a moment to begin: that is nothing to tell.
            if (begun - well_until >= patience) {
                tell("withheld", LogLevel::warning, fmt::format("no heartbeat is sent: {}", *why));
            }
            co_await doors_.clock.sleep_until(begun + look_again, "all to be well");
            continue;
        }
        co_await beat(deadline_after(begun, std::min(options_.interval, patience)));
        co_await doors_.clock.sleep_until(deadline_after(begun, options_.interval), "the next heartbeat");
        well_until = doors_.clock.now();
    }
}

Async<void> Heartbeat::beat(Deadline deadline) {
    auto url = this->url();
    if (!url) {
        doors_.metrics.heartbeat(false);
        tell(fmt::format("no URL: {}", to_string(url.error().code())), LogLevel::warning,
             fmt::format("no heartbeat can be sent: {}", url.error().text()));
        co_return;
    }
    auto const sent = co_await request(*url, deadline);
    doors_.metrics.heartbeat(sent.has_value());
    if (sent) {
        tell("succeeded", LogLevel::info, fmt::format("the heartbeat to {} succeeded", shown(*url)));
    } else {
        tell(fmt::format("failed: {}", to_string(sent.error().code())), LogLevel::warning,
             fmt::format("the heartbeat to {} failed: {}", shown(*url), for_people(sent.error().text(), *url)));
    }
}

Task<void> Heartbeat::request(net::Url url, Deadline deadline) {
    auto origin = net::origin_of(url, options_.environment);
    if (!origin) co_return pass(origin);
    net::HttpRequest request{.target = url.target};
    request.headers.add("User-Agent", "vedette/" VEDETTE_VERSION);
    request.headers.add("Accept", "*/*");
    if (!url.user.empty()) request.headers.add("Authorization", net::basic_authorization(url.user));
    auto const response = co_await doors_.http.send(std::move(*origin), std::move(request), deadline);
    if (!response) co_return std::unexpected(response.error());
    co_return judge(response->status);
}

void Heartbeat::tell(std::string outcome, LogLevel level, std::string sentence) {
    if (outcome == told_) return;
    told_ = std::move(outcome);
    doors_.log(level, std::move(sentence));
}

}  // namespace vedette::op
