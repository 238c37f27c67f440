#pragma once
// Standard output, written so that nothing is half-written in silence.

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace vedette::cli {

/// Before anything is opened: closed standard streams stay closed for us, and no signal ends us for a write.
void prepare_standard_streams();

/// Writes all of `text` to standard output, or none of it where that can be had: what a full disk has taken of it is
/// taken back. Waits for a slow reader. Errors: io with the reason ("No space left on device"); a reader that has
/// gone away is an error like any other.
Result<void> write_stdout(std::string_view text);

/// "vedette: text" on standard error, secrets redacted.
void complain(std::string_view text);

bool stdout_is_terminal();
bool stderr_is_terminal();
/// Columns of the terminal on standard output; 0 if unknown.
std::size_t terminal_width();

}  // namespace vedette::cli
