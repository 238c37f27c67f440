#include "cli/runtime.hpp"

#include "base/ensure.hpp"
#include "base/watchdog.hpp"
#include "check/check_type.hpp"
#include "cli/output.hpp"
#include "kube/http_api.hpp"

#include <boost/asio/co_spawn.hpp>

#include <cstdlib>

namespace vedette::cli {
namespace {

constexpr auto longest_hold = std::chrono::seconds(1);

}  // namespace

Runtime::Runtime()
    : clock_(make_system_clock(executor())),
      random_(Random::from_entropy()),
      files_(make_system_files()),
      process_(make_system_process(executor(), *clock_)),
      resolver_(net::make_system_resolver(executor(), *clock_)),
      dialer_(net::make_system_dialer(executor(), *clock_, *resolver_)),
      tls_(net::make_tls(*clock_)),
      http_(net::make_http_client(executor(), *clock_, *dialer_, *tls_)) {}

Runtime::~Runtime() = default;

void Runtime::run(Async<void> task) {
    Watchdog const watchdog(executor(), longest_hold, complain);
    std::exception_ptr failure;
    bool done = false;
    asio::co_spawn(context_, std::move(task), [&](std::exception_ptr error) {
        failure = std::move(error);
        done = true;
        context_.stop();
    });
    context_.run();
    ensure(done, "a program's main task always has something to wait for");
    if (failure) std::rethrow_exception(failure);
}

kube::Transport Runtime::transport() {
    return {.http = http(), .clock = clock(), .files = files(), .process = process(), .environment = environment};
}

check::ProbeContext Runtime::probe_context(kube::Client* client, kube::Target const* target) {
    return {.clock = clock(),
            .random = random(),
            .dialer = dialer(),
            .resolver = resolver(),
            .tls = tls(),
            .http = http(),
            .process = process(),
            .client = client,
            .target = target,
            .environment = environment,
            .files = &files()};
}

std::optional<std::string> environment(std::string name) {
    char const* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace vedette::cli
