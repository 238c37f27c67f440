// operator_cluster KUBECONFIG CHECKS [remedies]: a cluster with so many HealthChecks that run every minute, each with a
// remedy if so wanted, for bench/operator_run.py. Writes the kubeconfig, prints "ready" and then, for every line of its
// standard input, what became of it as one JSON object: "report", or "add N" for N HealthChecks that never ran. Ends
// with its input.

#include "base/task_group.hpp"
#include "cli/runtime.hpp"
#include "operator_world.hpp"
#include "sim/https_front.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette {
namespace {

// Enough for an operator that was away for some seconds to go on where it was.
constexpr std::size_t history = 200'000;

int number_in(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

Async<void> obey(bench::World& world) {
    auto const executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor input(executor, ::dup(STDIN_FILENO));
    std::string pending;
    for (;;) {
        boost::system::error_code error;
        auto const size = co_await asio::async_read_until(input, asio::dynamic_buffer(pending), '\n',
                                                          asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        auto const line = pending.substr(0, size - 1);
        pending.erase(0, size);
        if (line.starts_with("add ")) world.add_new(number_in(std::string_view(line).substr(4)));
        fmt::print("{}\n", to_json(world.report()));
        std::fflush(stdout);
    }
}

Async<void> serve_until_input_ends(sim::HttpsFront& front, bench::World& world) {
    TaskGroup serving(co_await asio::this_coro::executor);
    serving.spawn(front.serve());
    co_await serving.stop_after(obey(world));
}

int run(std::string const& kubeconfig, bench::WorldOptions const& world_options) {
    cli::Runtime runtime;
    kube::fake::Options const options{.history = history, .watch_queue = history};
    kube::fake::ApiServer server(runtime.executor(), runtime.clock(), runtime.random(), options);
    bench::World world(server, runtime.clock(), world_options);
    auto const keys = sim::make_keys(runtime.clock().wall(), runtime.random(), std::chrono::hours(24));
    auto front = sim::HttpsFront::open(runtime.executor(), runtime.clock(), server, keys, {"127.0.0.1", 0});
    if (!front) {
        fmt::print(stderr, "{}\n", front.error().text());
        return 1;
    }
    ::umask(0077);
    std::ofstream(kubeconfig) << sim::kubeconfig_for((*front)->local(), keys, "bench");
    world.furnish();
    fmt::print("ready\n");
    std::fflush(stdout);
    runtime.run(serve_until_input_ends(**front, world));
    return 0;
}

}  // namespace
}  // namespace vedette

int main(int argc, char** argv) {
    bool const remedies = argc == 4 && std::string_view(argv[3]) == "remedies";
    if (argc != 3 && !remedies) {
        fmt::print(stderr, "usage: {} KUBECONFIG CHECKS [remedies]\n", argv[0]);
        return 2;
    }
    return vedette::run(argv[1], {.checks = vedette::number_in(argv[2]), .remedies = remedies});
}
