#pragma once
// Faults of the programs that make up a cluster.

#include <string>
#include <sys/types.h>

namespace vedette::cluster {

/// A program of the run (etcd, kube-apiserver, ...) that is stopped with SIGSTOP until resume() or the end of this.
/// Once this is made, none of its threads runs.
class Stopped {
public:
    explicit Stopped(std::string program);
    ~Stopped();
    Stopped(Stopped const&) = delete;
    Stopped& operator=(Stopped const&) = delete;

    /// Does nothing once the program has ended.
    void resume();
    pid_t pid() const { return pid_; }

private:
    std::string program_;
    pid_t pid_ = 0;
    bool stopped_ = true;
};

/// Ends a program of the run, stopped or not, and starts it again.
void restart(std::string const& program);
/// Starts a program again if it has ended: one that could not renew its lease in time does so, at once or a moment
/// after it runs again. So a test looks again and again.
void revive(std::string const& program);
/// Revives the controller manager and the scheduler until both have renewed their leases, for three minutes at most.
void revive_controllers();

}  // namespace vedette::cluster
