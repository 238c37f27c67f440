// A file is opened as a mere place first (O_PATH), which has no effects even on a device; /proc tells where that place
// really is; then it is opened again through the same descriptor. openat2(RESOLVE_BENEATH) would do it in one call, but
// older container runtimes refuse it, and it refuses absolute links that stay inside.

#include "base/mounted_files.hpp"

#include <climits>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette {
namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

std::unexpected<Error> failed(std::string const& path, int error) {
    if (error == ENOENT || error == ENOTDIR) return fail(Errc::not_found, "{}: no such file", path);
    if (error == EACCES || error == EPERM) return fail(Errc::denied, "{}: permission denied", path);
    return fail(Errc::io, "{}: {}", path, std::strerror(error));
}

Result<Descriptor> open_place(std::string const& path) {
    Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (place.get() < 0) return failed(path, errno);
    return place;
}

std::string handle(Descriptor const& file) {
    return fmt::format("/proc/self/fd/{}", file.get());
}

Result<std::string> real_place(Descriptor const& file, std::string const& path) {
    char name[PATH_MAX];
    auto const length = ::readlink(handle(file).c_str(), name, sizeof name);
    if (length < 0) return failed(path, errno);
    return std::string(name, static_cast<std::size_t>(length));
}

bool climbs(std::string_view path) {
    while (true) {
        auto const slash = path.find('/');
        if (path.substr(0, slash) == "..") return true;
        if (slash == std::string_view::npos) return false;
        path.remove_prefix(slash + 1);
    }
}

class MountedFiles final : public Files {
public:
    explicit MountedFiles(std::string directory) : directory_(std::move(directory)) {
        while (directory_.size() > 1 && directory_.ends_with('/')) directory_.pop_back();
    }

    Result<std::string> read(std::string const& path, std::size_t limit) override {
        auto place = find(path);
        if (!place) return pass(place);
        Descriptor const file(::open(handle(*place).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (file.get() < 0) return failed(path, errno);
        std::string text;
        char buffer[16 * 1024];
        while (true) {
            auto const got = ::read(file.get(), buffer, sizeof buffer);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return failed(path, errno);
            if (got == 0) return text;
            text.append(buffer, static_cast<std::size_t>(got));
            if (text.size() > limit) return fail(Errc::too_large, "{}: larger than {} bytes", path, limit);
        }
    }

    Result<std::string> version(std::string const& path) override {
        auto place = find(path);
        if (!place) return pass(place);
        struct stat info{};
        if (::fstat(place->get(), &info) != 0) return failed(path, errno);
        return fmt::format("{}:{}:{}:{}.{:09}", info.st_dev, info.st_ino, info.st_size, info.st_ctim.tv_sec,
                           info.st_ctim.tv_nsec);
    }

private:
    Result<Descriptor> find(std::string const& path) const {
        if (path.empty()) return fail(Errc::invalid_input, "an empty path names no file");
        if (path.contains('\0')) return fail(Errc::invalid_input, "a path with a NUL byte names no file");
        if (climbs(path)) return fail(Errc::invalid_input, "{}: a path may not climb with \"..\"", path);
        // Before anything is opened: who may not read elsewhere may not find out what is there.
        bool const inside = !path.starts_with('/') || path.starts_with(directory_ + "/");
        if (!inside) return fail(Errc::denied, "{}: is not below {}", path, directory_);
        auto base = open_place(directory_);
        if (!base) return pass(base);
        auto root = real_place(*base, directory_);
        if (!root) return pass(root);
        auto place = open_place(path.starts_with('/') ? path : directory_ + "/" + path);
        if (!place) return pass(place);
        auto real = real_place(*place, path);
        if (!real) return pass(real);
        bool const below = real->starts_with(root->ends_with('/') ? *root : *root + "/");
        if (!below) return fail(Errc::denied, "{}: is not below {}", path, directory_);
        struct stat info{};
        if (::fstat(place->get(), &info) != 0) return failed(path, errno);
        if (!S_ISREG(info.st_mode)) return fail(Errc::io, "{}: is not a regular file", path);
        return place;
    }

    std::string directory_;
};

}  // namespace

std::unique_ptr<Files> make_mounted_files(std::string directory) {
    return std::make_unique<MountedFiles>(std::move(directory));
}

}  // namespace vedette
