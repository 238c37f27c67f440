#pragma once
// `vedette operator` against the real cluster: with the rights that deploy/operator gives it, and no others.

#include <string>

namespace vedette::cluster {

/// Applies the CRD, the account and the rights of deploy/operator as they are; the Deployment stays out, since the
/// program runs beside us. Does so once, however often it is called.
void install_operator();

/// An Operator of this test was started and not ended by it, and yet has ended: nothing is left to wait for. Its log.
std::string log_of_a_crash();

struct OperatorOptions {
    std::string name = "operator";  ///< of its process in the run folder
    std::string flags;
    int metrics_port = 8080;
    int probe_port = 8081;
    bool acts = true;  ///< false: it is expected to refuse, so that it lives and is never ready
};

/// A running operator, in the cluster's network namespace. Installs what it needs first.
class Operator {
public:
    explicit Operator(OperatorOptions options = {});
    /// By SIGTERM; fails the test if that does not end it.
    ~Operator();
    Operator(Operator const&) = delete;
    Operator& operator=(Operator const&) = delete;

    /// Ends it with SIGKILL.
    void kill();
    /// After kill() or stop().
    void start();
    /// Ends it with SIGTERM and waits, as the destructor does.
    void stop();
    bool running() const;

    /// Whether its probe at `path`, "/healthz" or "/readyz", answers 200.
    bool answers(std::string const& path) const;
    std::string metrics() const;
    /// The value of the series that begins with `series`, `name{label="value"`; empty if there is none.
    std::string metric(std::string const& series) const;
    /// Of all its lives.
    std::string log() const;

private:
    int pid() const;
    /// Whether nothing of it is left after that signal.
    bool ends_by(int signal);

    OperatorOptions options_;
    bool meant_to_run_ = false;

    friend std::string log_of_a_crash();
};

}  // namespace vedette::cluster
