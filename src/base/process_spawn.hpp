#pragma once
// Starting a program with its three streams in our hands: the part of process.cpp that talks to posix_spawn. Nothing
// here waits.

#include "base/process.hpp"

namespace vedette::detail {

/// A file descriptor that closes itself.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~Fd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset(int fd = -1);

private:
    int fd_ = -1;
};

/// A program that has just been started, as the leader of a process group of its own. Our ends do not block.
struct Spawned {
    pid_t pid = -1;
    Fd exit;   ///< a pidfd: readable once the child has ended
    Fd input;  ///< invalid without input
    Fd output;
    Fd errors;
};

/// Errors: not_found, denied, io, invalid_input (a NUL byte, no program named).
Result<Spawned> spawn(Command const& command);

}  // namespace vedette::detail
