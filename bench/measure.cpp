// measure COMMAND [ARGUMENT...]: runs a command once and prints what it took as one JSON object. Its standard output
// goes to /dev/null, its standard error is ours.
//
// Python cannot do this: a child's peak memory starts at that of the process it was forked from, and an interpreter's
// is larger than what is measured here.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

double seconds(timeval const& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

[[noreturn]] void become(char** command) {
    int const nothing = ::open("/dev/null", O_RDWR);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(nothing, STDOUT_FILENO);
    ::execvp(command[0], command);
    std::perror(command[0]);
    ::_exit(127);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: {} COMMAND [ARGUMENT...]\n", argv[0]);
        return 2;
    }
    auto const began = std::chrono::steady_clock::now();
    auto const child = ::fork();
    if (child == 0) become(argv + 1);
    int status = 0;
    rusage used{};
    if (child < 0 || ::wait4(child, &status, 0, &used) != child) {
        std::perror("measure");
        return 1;
    }
    std::chrono::duration<double> const wall = std::chrono::steady_clock::now() - began;
    fmt::print(R"({{"exit_code": {}, "wall_seconds": {:.6f}, "cpu_seconds": {:.6f}, "peak_rss_bytes": {}}})"
               "\n",
               WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), wall.count(),
               seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss * 1024L);
    return 0;
}
