#include "cluster/login.hpp"

#include "cluster/cluster.hpp"
#include "kube/http_api.hpp"

#include <stdexcept>

namespace vedette::cluster {
namespace {

template <class T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text());
    return std::move(*result);
}

std::unique_ptr<kube::Api> connect(kube::Target const& target, cli::Runtime& runtime, Files& files) {
    return value_of(kube::make_http_api(target, kube::Transport{.http = runtime.http(),
                                                                .clock = runtime.clock(),
                                                                .files = files,
                                                                .process = runtime.process(),
                                                                .environment = cli::environment}));
}

Async<void> wait_into(bool& ready, cli::Runtime& runtime, Login& login) {
    ready = co_await becomes_ready(runtime, login, 3min);
}

}  // namespace

Login::Login(cli::Runtime& runtime) : Login(runtime, "") {}

Login::Login(cli::Runtime& runtime, std::string kubeconfig)
    : Login(runtime, kube::ConfigOptions{.kubeconfig = std::move(kubeconfig), .environment = cli::environment},
            runtime.files()) {}

Login::Login(cli::Runtime& runtime, kube::ConfigOptions const& options, Files& files)
    : target_(value_of(kube::load_target(options, files))),
      api_(connect(target_, runtime, files)),
      client_(*api_, runtime.clock(), runtime.random()) {}

Async<bool> becomes_ready(cli::Runtime& runtime, Login& login, Duration patience) {
    auto const deadline = runtime.clock().now() + patience;
    while (runtime.clock().now() < deadline) {
        auto request = kube::raw_request("/readyz");
        auto const answer = co_await login.client().raw(std::move(request), deadline);
        if (answer && answer->status == 200) co_return true;
        co_await runtime.clock().sleep_for(100ms, "the API server's readiness");
    }
    co_return false;
}

bool restart_server() {
    if (run(std::string(CLUSTER_SOURCE_DIR) + "/restart kube-apiserver").code != 0) return false;
    cli::Runtime runtime;
    Login login(runtime);
    bool ready = false;
    runtime.run(wait_into(ready, runtime, login));
    return ready;
}

}  // namespace vedette::cluster
