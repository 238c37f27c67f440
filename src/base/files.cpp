// The system's files. Everything is opened without blocking: a kubeconfig that turns out to be a pipe nobody writes to,
// or a device, ends in a sentence and not in a hang.

#include "base/files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette {
namespace {

// `--kubeconfig <(command)` is a pipe; its writer gets this long for all of it.
constexpr auto pipe_patience = std::chrono::seconds(2);

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor const&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

std::unexpected<Error> failed(std::string const& path, int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
            return fail(Errc::not_found, "{}: no such file", path);
        case EACCES:
        case EPERM:
            return fail(Errc::denied, "{}: permission denied", path);
        case ELOOP:
            return fail(Errc::io, "{}: its symbolic links form a circle", path);
        case ENXIO:
            return fail(Errc::io, "{}: is a socket or a device, not a file", path);
        default:
            return fail(Errc::io, "{}: {}", path, std::strerror(error));
    }
}

Result<void> expect_readable_kind(std::string const& path, mode_t mode) {
    if (S_ISREG(mode) || S_ISFIFO(mode)) return {};
    if (S_ISDIR(mode)) return fail(Errc::io, "{}: is a directory, not a file", path);
    return fail(Errc::io, "{}: is a device, not a file", path);
}

using Steady = std::chrono::steady_clock;

bool wait_readable(int fd, Steady::time_point until) {
    while (true) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now()).count();
        pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
        auto const ready = ::poll(&waited, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

Result<std::string> read_all_of(int fd, bool pipe, std::string const& path, std::size_t limit) {
    auto const until = Steady::now() + pipe_patience;
    std::string text;
    char buffer[16 * 1024];
    while (true) {
        if (pipe && !wait_readable(fd, until)) {
            return text.empty() ? fail(Errc::io, "{}: is a pipe that nobody writes to", path)
                                : fail(Errc::io, "{}: is a pipe whose writer did not finish within {} s", path,
                                       pipe_patience.count());
        }
        auto const got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && (errno == EINTR || (pipe && errno == EAGAIN))) continue;
        if (got < 0) return failed(path, errno);
        if (got == 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > limit) return fail(Errc::too_large, "{}: larger than {} bytes", path, limit);
    }
}

class SystemFiles final : public Files {
public:
    Result<std::string> read(std::string const& path, std::size_t limit) override {
        if (path.find('\0') != std::string::npos) return fail(Errc::not_found, "a path with a NUL byte names no file");
        Descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        if (file.get() < 0) return failed(path, errno);
        struct stat info{};
        if (::fstat(file.get(), &info) != 0) return failed(path, errno);
        if (auto kind = expect_readable_kind(path, info.st_mode); !kind) return pass(kind);
        // Sparing the read of a huge file; the size of a file in /proc is 0, so the loop counts too.
        if (S_ISREG(info.st_mode) && std::cmp_greater(info.st_size, limit)) {
            return fail(Errc::too_large, "{}: {} bytes, more than the {} that are read", path, info.st_size, limit);
        }
        return read_all_of(file.get(), S_ISFIFO(info.st_mode), path, limit);
    }

    Result<std::string> version(std::string const& path) override {
        struct stat info{};
        if (::stat(path.c_str(), &info) != 0) return failed(path, errno);
        return fmt::format("{}:{}:{}:{}.{:09}", info.st_dev, info.st_ino, info.st_size, info.st_ctim.tv_sec,
                           info.st_ctim.tv_nsec);
    }
};

}  // namespace

std::unique_ptr<Files> make_system_files() {
    return std::make_unique<SystemFiles>();
}

}  // namespace vedette
