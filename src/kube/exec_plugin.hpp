#pragma once
// Credentials from a program: client.authentication.k8s.io/v1 and v1beta1.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins

#include "base/clock.hpp"
#include "base/event.hpp"
#include "base/process.hpp"
#include "kube/target.hpp"

#include <optional>
#include <string>

namespace vedette::kube {

/// What one run of a plugin has printed.
struct ExecCredential {
    std::string token;
    std::string certificate_pem;
    std::string key_pem;
    std::optional<WallTime> expires;  ///< absent: until the server says 401
    std::uint64_t run = 0;            ///< counts the runs, from 1
    bool operator==(ExecCredential const&) const = default;
};

/// Reads a plugin's standard output. Errors: invalid_input; the text repeats nothing of it.
Result<ExecCredential> parse_exec_credential(std::string_view output, std::string_view api_version);

/// The value of KUBERNETES_EXEC_INFO for `target`, whose credentials are a plugin.
std::string exec_info(Target const& target);

/// Runs the plugin of one target and keeps what it prints until that expires or is rejected. Requests that need
/// credentials at the same time share one run. Lifetime: outlives its tasks; `process` and `clock` outlive it.
class ExecCredentials {
public:
    ExecCredentials(Target const& target, Process& process, Clock& clock);

    /// Credentials that are good now. The plugin is killed at `deadline`, and after a minute at the latest.
    /// Errors: invalid_input (not installed, with its install hint; not understood), denied (it failed: its words,
    /// redacted and shortened), timed_out. Failures are shared by those who waited for the run, and not kept.
    Task<ExecCredential> current(Deadline deadline);
    /// The server did not accept the credentials of `run`: the next one to ask gets new ones.
    void reject(std::uint64_t run);

private:
    struct Running;
    bool good() const;
    Task<ExecCredential> run(Deadline deadline);
    Task<ExecCredential> renew(Deadline deadline);
    Task<void> run_ended();

    ExecPlugin plugin_;
    std::string name_;  ///< for errors
    std::string info_;
    Process& process_;
    Clock& clock_;
    std::optional<ExecCredential> issued_;
    std::optional<Error> failure_;  ///< of the last run that ended by itself
    std::optional<Event> ended_;    ///< made by the first run
    std::uint64_t runs_ = 0;
    bool running_ = false;
};

}  // namespace vedette::kube
