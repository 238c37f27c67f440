#include "cli/output.hpp"

#include "base/background_writer.hpp"
#include "base/redact.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace vedette::cli {

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
