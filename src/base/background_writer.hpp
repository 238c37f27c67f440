#pragma once
// Writing to a descriptor: all of it or an error, at once or behind the reactor's back.

#include "base/error.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace vedette {

/// Writes all of `text`, waiting for the reader as long as it takes, also where the descriptor is non-blocking.
/// Into a file goes all of it or nothing: what a full disk has taken is taken back. Errors: io with the system's reason
/// ("No space left on device"), "its reader has gone away", "it is closed".
Result<void> write_all(int descriptor, std::string_view text);

/// Writes in order from a thread of its own: a reader that stalls, or a slow disk, holds up nobody else. Lifetime: the
/// descriptor stays open until finish().
class BackgroundWriter {
public:
    explicit BackgroundWriter(int descriptor);
    /// As finish().
    ~BackgroundWriter();
    BackgroundWriter(BackgroundWriter const&) = delete;
    BackgroundWriter& operator=(BackgroundWriter const&) = delete;

    /// Takes `text` and returns at once. After an error nothing more is written.
    void write(std::string text);
    /// Waits until all is written; nothing may be written after it. Errors: as write_all; too_large if more than 64 MiB
    /// waited for the reader.
    Result<void> finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vedette
