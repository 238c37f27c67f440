// steps: runs the built-in suite against the cluster of the kubeconfig, as `vedette check` does, and prints how long
// the reactor was held by its longest steps, in milliseconds of CPU, as one JSON object.
//
// The reactor is driven one handler at a time; CPU time of the thread, because on a shared machine the wall clock tells
// of others.

#include "check/engine.hpp"
#include "check/suite.hpp"
#include "cli/runtime.hpp"
#include "kube/client.hpp"
#include "kube/config.hpp"
#include "kube/http_api.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <set>

namespace vedette {
namespace {

constexpr std::size_t shown = 5;

double thread_milliseconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

Async<void> run_suite(check::ProbeContext& context, std::size_t& checks) {
    auto suite = check::built_in_suite();
    check::Interrupt interrupt;
    auto const report =
        co_await check::run_checks(std::move(suite.checks), context, check::RunOptions{}, {}, interrupt);
    checks = report.checks.size();
}

// Every handler that `context` runs until `task` is done, longest first.
std::vector<double> steps_of(asio::io_context& context, Async<void> task) {
    bool done = false;
    asio::co_spawn(context, std::move(task), [&](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
        done = true;
    });
    std::vector<double> steps;
    while (!done) {
        auto const began = thread_milliseconds();
        context.run_one();
        steps.push_back(thread_milliseconds() - began);
    }
    std::sort(steps.begin(), steps.end(), std::greater());
    return steps;
}

Result<void> run() {
    cli::Runtime runtime;
    auto target = kube::load_target({.environment = cli::environment}, runtime.files());
    if (!target) return pass(target);
    auto api = kube::make_http_api(*target, runtime.transport());
    if (!api) return pass(api);
    kube::Client client(**api, runtime.clock(), runtime.random());
    auto context = runtime.probe_context(&client, &*target);
    auto& reactor = static_cast<asio::io_context&>(asio::query(runtime.executor(), asio::execution::context));
    std::size_t checks = 0;
    auto steps = steps_of(reactor, run_suite(context, checks));
    auto const count = steps.size();
    steps.resize(std::min(count, shown));
    fmt::print(R"({{"checks": {}, "steps": {}, "longest_ms": [{:.3f}]}})"
               "\n",
               checks, count, fmt::join(steps, ", "));
    return {};
}

}  // namespace
}  // namespace vedette

int main() {
    auto const done = vedette::run();
    if (done) return 0;
    fmt::print(stderr, "{}\n", done.error().text());
    return 1;
}
