#include "cli/output.hpp"

#include "base/background_writer.hpp"
#include "base/redact.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace vedette::cli {

void prepare_standard_streams() {
    // A reader of our output that goes away, or a limit on the size of files, is an error of write(), not our death.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    // A closed stream's number would be given to the next socket, and our output would go to it. Reading descriptors
    // take its place, so that writing still fails.
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) ::open("/dev/null", O_RDONLY);
    }
}

Result<void> write_stdout(std::string_view text) {
    auto written = write_all(STDOUT_FILENO, text);
    if (!written) return pass(written, "cannot write to standard output");
    return written;
}

void complain(std::string_view text) {
    auto const line = fmt::format("vedette: {}\n", redact(text));
    std::fputs(line.c_str(), stderr);
}

bool stdout_is_terminal() {
    return ::isatty(STDOUT_FILENO) == 1;
}

bool stderr_is_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}

std::size_t terminal_width() {
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace vedette::cli
