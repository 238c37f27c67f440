#pragma once
// The real API server through our own layers: kubeconfig, transport, client; the same parts that `vedette check` is
// wired from.

#include "cli/runtime.hpp"
#include "kube/client.hpp"
#include "kube/config.hpp"
#include "kube/target.hpp"

#include <memory>

namespace vedette::cluster {

/// One way to be known to the API server. Lifetime: `runtime` and `files` outlive it.
class Login {
public:
    /// By $KUBECONFIG. These constructors throw std::runtime_error with the reader's sentence.
    explicit Login(cli::Runtime& runtime);
    Login(cli::Runtime& runtime, std::string kubeconfig);
    Login(cli::Runtime& runtime, kube::ConfigOptions const& options, Files& files);

    kube::Target const& target() const { return target_; }
    kube::Api& api() { return *api_; }
    kube::Client& client() { return client_; }

private:
    kube::Target target_;
    std::unique_ptr<kube::Api> api_;
    kube::Client client_;
};

/// Waits until the API server says that it is ready; whether it did within `patience`.
Async<bool> becomes_ready(cli::Runtime& runtime, Login& login, Duration patience);

/// Ends kube-apiserver if it still runs, starts it again and waits until it is ready; whether it came back. Blocks.
bool restart_server();

}  // namespace vedette::cluster
