#pragma once
// Runtime: the real doors, built once and wired together here and nowhere else.

#include "base/files.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "net/dialer.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>

namespace vedette::kube {
class Client;
struct Target;
struct Transport;
}  // namespace vedette::kube

namespace vedette::check {
struct ProbeContext;
}

namespace vedette::cli {

class Runtime {
public:
    Runtime();
    ~Runtime();
    Runtime(Runtime const&) = delete;
    Runtime& operator=(Runtime const&) = delete;

    asio::any_io_executor executor() { return context_.get_executor(); }
    Clock& clock() { return *clock_; }
    Random& random() { return random_; }
    Files& files() { return *files_; }
    Process& process() { return *process_; }
    net::Resolver& resolver() { return *resolver_; }
    net::Dialer& dialer() { return *dialer_; }
    net::Tls& tls() { return *tls_; }
    net::HttpClient& http() { return *http_; }

    /// What an HTTP API needs; valid for as long as this is.
    kube::Transport transport();
    /// What checks need. The caller owns `client` and `target`; both are null without a cluster.
    check::ProbeContext probe_context(kube::Client* client = nullptr, kube::Target const* target = nullptr);

    /// Runs `task` and everything it starts on this thread, to the task's end.
    void run(Async<void> task);

private:
    asio::io_context context_{1};
    std::unique_ptr<Clock> clock_;
    Random random_;
    std::unique_ptr<Files> files_;
    std::unique_ptr<Process> process_;
    std::unique_ptr<net::Resolver> resolver_;
    std::unique_ptr<net::Dialer> dialer_;
    std::unique_ptr<net::Tls> tls_;
    std::unique_ptr<net::HttpClient> http_;
};

/// A variable of the process's environment.
std::optional<std::string> environment(std::string name);

}  // namespace vedette::cli
