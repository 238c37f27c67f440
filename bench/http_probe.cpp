// http_probe URL CHECKS [CA-FILE [MATCH]]: runs CHECKS checks of type `http` against URL and prints what they took as
// one JSON object.
//
// Every check goes the whole way of `vedette check`: instances of the registry's type, the engine with its workers and
// deadlines, the client and its pool. A pass has a thousand checks and its own run of the engine, as a visit to a
// target would; the first pass warms up and is not counted.

#include "check/engine.hpp"
#include "cli/runtime.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstring>
#include <sys/resource.h>

namespace vedette {
namespace {

constexpr std::size_t pass_size = 1000;
constexpr int workers = 8;  // as many as the client keeps connections to one host

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    auto const seconds = [](timeval const& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Totals {
    std::size_t checks = 0;
    double wall_seconds = 0;
    double cpu_seconds = 0;
    std::string trouble;  // of the first check that was not ok
};

Async<void> run_passes(std::vector<check::Instance> const& pass, std::size_t checks, check::ProbeContext& context,
                       Totals& totals) {
    for (bool warm = false; totals.checks < checks; warm = true) {
        check::Interrupt interrupt;
        check::RunOptions options{.workers = workers};
        auto const began = context.clock.now();
        auto const cpu = cpu_seconds();
        auto report = co_await check::run_checks(pass, context, std::move(options), {}, interrupt);
        for (auto const& each : report.checks) {
            if (each.outcome.status == check::Status::ok) continue;
            totals.trouble = each.outcome.message;
            co_return;
        }
        if (!warm) continue;
        totals.checks += report.checks.size();
        totals.cpu_seconds += cpu_seconds() - cpu;
        totals.wall_seconds += std::chrono::duration<double>(context.clock.now() - began).count();
    }
}

Result<check::Instance> instance_for(int argc, char** argv, Files& files) {
    auto instance = check::default_instance(*check::find_check_type("http"));
    instance.params.with["url"] = argv[1];
    if (argc > 3) {
        auto ca = files.read(argv[3], 1024 * 1024);
        if (!ca) return pass(ca);
        instance.params.with["ca"] = *ca;
    }
    if (argc > 4) instance.params.with["match"] = argv[4];
    return instance;
}

int run(int argc, char** argv) {
    std::size_t checks = 0;
    if (argc > 2) std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), checks);
    if (checks == 0 || argc > 5) {
        fmt::print(stderr, "usage: {} URL CHECKS [CA-FILE [MATCH]]\n", argv[0]);
        return 2;
    }
    cli::Runtime runtime;
    auto const instance = instance_for(argc, argv, runtime.files());
    if (!instance) {
        fmt::print(stderr, "{}\n", instance.error().text());
        return 1;
    }
    std::vector const pass(std::min(checks, pass_size), *instance);
    auto context = runtime.probe_context();
    Totals totals;
    runtime.run(run_passes(pass, checks, context, totals));
    if (!totals.trouble.empty()) {
        fmt::print(stderr, "a check was not ok: {}\n", totals.trouble);
        return 1;
    }
    fmt::print(R"({{"checks": {}, "wall_seconds": {:.6f}, "cpu_seconds": {:.6f}}})"
               "\n",
               totals.checks, totals.wall_seconds, totals.cpu_seconds);
    return 0;
}

}  // namespace
}  // namespace vedette

int main(int argc, char** argv) {
    return vedette::run(argc, argv);
}
