#include "base/background_writer.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <poll.h>
#include <thread>
#include <unistd.h>

namespace vedette {
namespace {

constexpr std::size_t most_waiting = 64u << 20;

}  // namespace

Result<void> write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        auto const written = ::write(descriptor, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {  // whoever shares the open file has made it non-blocking
            pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            return fail(Errc::io, "{}", std::strerror(errno));
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
