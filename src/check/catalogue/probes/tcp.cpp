// tcp: somebody accepts connections on host:port.

#include "base/redact.hpp"
#include "check/catalogue/probes/probes.hpp"

#include <fmt/format.h>

namespace vedette::check {

double milliseconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

namespace {

constexpr ParamSpec with[] = {
    {"host", ParamKind::text, "", "name or address"},
    {"port", ParamKind::integer, "", "port", 1, 65535},
    {"warning", ParamKind::duration, "\"1s\"", "slower connections are a warning"},
};

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    net::Endpoint const endpoint{params.text("host"), static_cast<std::uint16_t>(params.integer("port"))};
    auto const began = context.clock.now();
    auto connected = co_await context.dialer.connect(endpoint, deadline);
    auto const took = context.clock.now() - began;
    if (!connected) {
        if (connected.error().code() == Errc::timed_out) co_return Outcome::timeout(redact(connected.error().text()));
        auto failed = Outcome::critical(redact(connected.error().text()), "ConnectFailed");
        failed.checked = failed.failed = 1;
        co_return failed;
    }
    auto const slow = took > params.duration("warning");
    auto message = fmt::format("{} accepts connections ({:.1f} ms)", to_string(endpoint), milliseconds(took));
    auto outcome = slow ? Outcome::warning(std::move(message), "Slow") : Outcome::ok(std::move(message));
    outcome.checked = 1;
    outcome.failed = slow ? 1 : 0;
    outcome.measurements = {{"connect_ms", milliseconds(took)}};
    outcome.thresholds = {{"connect", boost::json::string(params.text("warning")), nullptr}};
    outcome.details["address"] = (*connected)->peer();
    co_return outcome;
}

}  // namespace

CheckType const tcp{
    .name = "tcp",
    .group = "probes",
    .summary = "A TCP port accepts connections",
    .explain =
        "Connects to host:port and closes at once. A refused connection, an unreachable network and a silent "
        "firewall are told apart in the message.",
    .timeout = std::chrono::seconds(5),
    .with = with,
    .probe = probe,
    .built_in = false,
    .needs_cluster = false,
};

}  // namespace vedette::check
