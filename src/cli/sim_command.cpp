#include "cli/sim_command.hpp"

#include "base/duration.hpp"
#include "base/suggest.hpp"
#include "base/task_group.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/runtime.hpp"
#include "cli/signals.hpp"
#include "sim/housekeeping.hpp"
#include "sim/https_front.hpp"
#include "sim/scenario.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace vedette::cli {
namespace {

bool is_loopback(std::string const& host) {
    boost::system::error_code error;
    auto const address = boost::asio::ip::make_address(host, error);
    return !error && address.is_loopback();
}

Result<net::Endpoint> endpoint_of(std::string const& text) {
    auto const colon = text.rfind(':');
    unsigned port = 0;
    auto const* const end = text.data() + text.size();
    if (colon != std::string::npos) {
        auto const parsed = std::from_chars(text.data() + colon + 1, end, port);
        if (parsed.ec == std::errc{} && parsed.ptr == end && port < 65536 && colon > 0) {
            auto host = text.substr(0, colon);
            if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
            if (is_loopback(host)) return net::Endpoint{std::move(host), static_cast<std::uint16_t>(port)};
            return fail(Errc::invalid_input, "--listen: {} is no loopback address, and nobody else shall get in", host);
        }
    }
    return fail(Errc::invalid_input, "--listen: \"{}\" is not ADDRESS:PORT, such as 127.0.0.1:6443", text);
}

// Credentials go into a file that only its owner can read.
Result<void> write_private(std::string const& path, std::string const& text) {
    auto const temporary = path + ".new";
    int const file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return fail(Errc::io, "cannot write {}: {}", path, std::strerror(errno));
    auto const written = ::write(file, text.data(), text.size());
    auto const closed = ::close(file);
    if (written != static_cast<ssize_t>(text.size()) || closed != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
        auto const reason = errno;
        ::unlink(temporary.c_str());
        return fail(Errc::io, "cannot write {}: {}", path, std::strerror(reason));
    }
    return {};
}

// Ends the waiting when it ends by itself: its listener broke.
Async<void> serve(sim::HttpsFront& front, Event& stopped, bool& stop) {
    co_await front.serve();
    stop = true;
    stopped.notify();
}

Async<void> serve_until(sim::HttpsFront& front, Async<void> housekeeping, Event& stopped, bool& stop) {
    auto const executor = co_await asio::this_coro::executor;
    TaskGroup serving(executor);
    serving.spawn(serve(front, stopped, stop));
    serving.spawn(std::move(housekeeping));
    while (!stop) co_await stopped.wait();
    co_await serving.stop();
}

int refuse(Error const& error, int code) {
    complain(error.text());
    return code;
}

}  // namespace

int run_sim(SimFlags const& flags) {
    auto const* scenario = sim::find_scenario(flags.scenario);
    if (!scenario) {
        std::vector<std::string> known;
        for (auto const& each : sim::all_scenarios()) known.emplace_back(each.name);
        return refuse(
            Error(Errc::invalid_input, fmt::format("there is no scenario \"{}\"{}; there are: {}", flags.scenario,
                                                   did_you_mean(flags.scenario, known), fmt::join(known, ", "))),
            exit_usage);
    }
    auto const endpoint = endpoint_of(flags.listen);
    if (!endpoint) return refuse(endpoint.error(), exit_usage);
    Duration lifetime{};
    if (!flags.lifetime.empty()) {
        auto const parsed = parse_duration(flags.lifetime);
        if (!parsed) return refuse(Error(Errc::invalid_input, "--for: " + parsed.error().text()), exit_usage);
        lifetime = *parsed;
    }

    Runtime runtime;
    kube::fake::ApiServer server(runtime.executor(), runtime.clock(), runtime.random());
    scenario->fill(server, runtime.clock().wall());
    auto const keys = sim::make_keys(runtime.clock().wall(), runtime.random(), std::chrono::days(365));
    auto front = sim::HttpsFront::open(runtime.executor(), runtime.clock(), server, keys, *endpoint);
    if (!front) return refuse(front.error(), exit_unhealthy);

    auto const config = sim::kubeconfig_for((*front)->local(), keys, "sim-" + flags.scenario);
    auto const written = flags.kubeconfig.empty() ? write_stdout(config) : write_private(flags.kubeconfig, config);
    if (!written) return refuse(written.error(), exit_unhealthy);
    fmt::print(stderr, "vedette: serving the scenario \"{}\" at https://{}; stop with Ctrl-C\n", flags.scenario,
               to_string((*front)->local()));

    Event stopped(runtime.executor(), "a signal");
    bool stop = false;
    auto const end = [&] {
        stop = true;
        stopped.notify();
    };
    Signals const signals(runtime.executor(), end);
    if (lifetime > Duration::zero()) runtime.clock().call_at(deadline_after(runtime.clock().now(), lifetime), end);
    runtime.run(serve_until(**front, sim::keep_house(server, *scenario, runtime.clock()), stopped, stop));
    if (auto const failure = (*front)->failure()) return refuse(*failure, exit_unhealthy);
    return exit_healthy;
}

}  // namespace vedette::cli
