#include "base/background_writer.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace vedette {
namespace {

constexpr std::size_t most_waiting = 64u << 20;

/// Where a text begins, if the descriptor is a file: what does not fit can be taken back.
struct Start {
    off_t offset = -1;  ///< -1: not a file
};

Start start_of(int descriptor) {
    struct stat info{};
    if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) return {};
    bool const appends = (::fcntl(descriptor, F_GETFL) & O_APPEND) != 0;
    return {appends ? info.st_size : ::lseek(descriptor, 0, SEEK_CUR)};
}

// Takes back what was written of a text that did not fit, unless somebody else has written behind it.
void take_back(int descriptor, Start start, std::size_t written) {
    struct stat info{};
    if (start.offset < 0 || written == 0 || ::fstat(descriptor, &info) != 0) return;
    if (info.st_size != start.offset + static_cast<off_t>(written)) return;
    if (::ftruncate(descriptor, start.offset) == 0) ::lseek(descriptor, start.offset, SEEK_SET);
}

std::string_view reason_of(int error) {
    switch (error) {
        case EPIPE:
            return "its reader has gone away";
        case EBADF:
            return "it is closed";
        default:
            return std::strerror(error);
    }
}

}  // namespace

Result<void> write_all(int descriptor, std::string_view text) {
    auto const start = start_of(descriptor);
    std::size_t done = 0;
    while (done < text.size()) {
        auto const written = ::write(descriptor, text.data() + done, text.size() - done);
        if (written >= 0) {
            done += static_cast<std::size_t>(written);
        } else if (errno == EAGAIN) {  // whoever shares the open file has made it non-blocking
            pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (auto const error = errno; error != EINTR) {
            take_back(descriptor, start, done);
            return fail(Errc::io, "{}", reason_of(error));
        }
    }
    return {};
}

struct BackgroundWriter::State {
    int descriptor;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::string> waiting;
    std::size_t waiting_bytes = 0;
    Result<void> result;
    bool ending = false;
    std::thread thread;

    void drain() {
        std::unique_lock lock(mutex);
        while (true) {
            changed.wait(lock, [this] { return ending || !waiting.empty(); });
            if (waiting.empty()) return;
            auto const text = std::move(waiting.front());
            waiting.pop_front();
            if (result) {
                lock.unlock();
                auto written = write_all(descriptor, text);
                lock.lock();
                if (!written && result) result = std::move(written);
            }
            waiting_bytes -= text.size();
        }
    }
};

BackgroundWriter::BackgroundWriter(int descriptor) : state_(std::make_unique<State>()) {
    state_->descriptor = descriptor;
    state_->thread = std::thread([state = state_.get()] { state->drain(); });
}

BackgroundWriter::~BackgroundWriter() {
    (void)finish();
}

void BackgroundWriter::write(std::string text) {
    {
        std::lock_guard const lock(state_->mutex);
        if (!state_->result) return;
        if (state_->waiting_bytes + text.size() > most_waiting) {
            state_->result = fail(Errc::too_large, "its reader is {} MiB behind", most_waiting >> 20);
            return;
        }
        state_->waiting_bytes += text.size();
        state_->waiting.push_back(std::move(text));
    }
    state_->changed.notify_one();
}

Result<void> BackgroundWriter::finish() {
    {
        std::lock_guard const lock(state_->mutex);
        state_->ending = true;
    }
    state_->changed.notify_one();
    if (state_->thread.joinable()) state_->thread.join();
    return state_->result;
}

}  // namespace vedette
