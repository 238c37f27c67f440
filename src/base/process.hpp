#pragma once
// Child processes, a door. A child runs in its own process group and the whole group is killed at the deadline, so
// nothing that blocks can block us. What a child leaves running in its group is killed when the child has ended.

#include "base/clock.hpp"
#include "base/task.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vedette {

struct Command {
    std::vector<std::string> argv;  ///< argv[0] is looked up in our PATH (absolute entries only); no shell
    std::vector<std::pair<std::string, std::string>> env;  ///< added to the inherited environment
    bool inherit_env = true;
    std::string directory;                 ///< empty: ours
    std::string input;                     ///< standard input
    std::size_t output_limit = 64 * 1024;  ///< bytes of each stream that are kept; the rest is read and dropped
};

struct Exit {
    int code = 0;    ///< exit code; 128 + signal when killed by one
    int signal = 0;  ///< 0, or the signal that ended it
    std::string output;
    std::string errors;
    bool truncated = false;
};

class Process {
public:
    virtual ~Process() = default;
    /// Runs `command` to its end. Errors: not_found, denied, io (could not start; the text names the program);
    /// timed_out: its process group has been killed and reaped before this returns. Cancellation does the same.
    /// A descendant that keeps the output open is not waited for longer than a quarter of a second after the child's
    /// end. Standard input is /dev/null when `input` is empty; a child that does not read its input is no error.
    virtual Task<Exit> run(Command command, Deadline deadline) = 0;
};

/// Lifetime: outlives its runs, as does `clock`. Threads: one reactor.
std::unique_ptr<Process> make_system_process(asio::any_io_executor executor, Clock& clock);

}  // namespace vedette
