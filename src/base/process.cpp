// A child is a small machine fed by three descriptors: its end (a pidfd), its output and its errors. Callbacks advance
// it and hold it alive; the coroutine only waits for it to change, so that a deadline or a cancellation has nothing to
// unwind but itself. The leader is reaped last: until then its process group's number cannot be anybody else's.

#include "base/process.hpp"

#include "base/event.hpp"
#include "base/process_spawn.hpp"
#include "base/with_deadline.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vedette {
namespace {

// What a descendant that holds the output open may still write once the child itself has ended.
constexpr auto last_words = 250ms;
// SIGKILL ends a process at once, unless it hangs inside the kernel: then we go on, and it is reaped whenever it ends.
constexpr auto burial = 2s;
constexpr int last_burial_ms = 1000;

// write() to a pipe that nobody reads raises SIGPIPE, for which there is no MSG_NOSIGNAL: hold the signal back, and
// take it off the queue if we were the cause.
ssize_t write_without_sigpipe(int fd, std::string_view bytes) {
    sigset_t pipe_only;
    sigset_t before;
    sigset_t pending;
    ::sigemptyset(&pipe_only);
    ::sigaddset(&pipe_only, SIGPIPE);
    ::sigpending(&pending);
    bool const was_pending = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    auto const written = ::write(fd, bytes.data(), bytes.size());
    int const error = errno;
    if (written < 0 && error == EPIPE && !was_pending) {
        timespec const at_once{};
        ::sigtimedwait(&pipe_only, nullptr, &at_once);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return written;
}

class Child : public std::enable_shared_from_this<Child> {
public:
    Child(asio::any_io_executor executor, detail::Spawned spawned, Command command)
        : pid_(spawned.pid),
          input_(std::move(command.input)),
          limit_(command.output_limit),
          changed_(executor, "child process"),
          exit_(executor, spawned.exit.release()),
          stdin_(executor),
          stdout_{.pipe = Pipe(executor, spawned.output.release())},
          stderr_{.pipe = Pipe(executor, spawned.errors.release())} {
        if (spawned.input) stdin_.assign(spawned.input.release());
    }

    // Reached without an end only when the reactor itself is torn down in the middle of a run.
    ~Child() {
        if (exited_) return;
        kill_group();
        pollfd ended{.fd = exit_.native_handle(), .events = POLLIN, .revents = 0};
        if (::poll(&ended, 1, last_burial_ms) > 0) reap();
    }

    void start() {
        watch_exit();
        read(stdout_);
        read(stderr_);
        if (stdin_.is_open()) write();
    }

    /// The child has ended and its output is complete; a run that must not wait any longer is cut by its deadline.
    Task<void> ended() {
        while (!exited_) co_await changed_.wait();
        co_return Result<void>{};
    }
    Task<void> drained() {
        while (stdout_.open() || stderr_.open()) co_await changed_.wait();
        co_return Result<void>{};
    }

    void kill_group() {
        if (!reaped_) ::kill(-pid_, SIGKILL);
    }

    void close_streams() {
        boost::system::error_code ignored;
        for (auto* pipe : {&stdin_, &stdout_.pipe, &stderr_.pipe}) pipe->close(ignored);
    }

    /// Call once the child has ended. When we are process 1 of a container, its orphans are ours to bury too.
    void reap() {
        if (std::exchange(reaped_, true)) return;
        int status = 0;
        if (::waitpid(pid_, &status, 0) == pid_) status_ = status;
        while (::waitpid(-pid_, nullptr, WNOHANG) > 0) {
        }
    }

    bool exited() const { return exited_; }
    bool reaped() const { return reaped_; }
    void abandon() { abandoned_ = true; }

    Result<Exit> result() {
        if (!status_) return fail(Errc::io, "its exit code was taken by somebody else (SIGCHLD is ignored)");
        Exit exit{.output = std::move(stdout_.text), .errors = std::move(stderr_.text)};
        exit.truncated = stdout_.truncated || stderr_.truncated;
        exit.signal = WIFSIGNALED(*status_) ? WTERMSIG(*status_) : 0;
        exit.code = exit.signal ? 128 + exit.signal : WEXITSTATUS(*status_);
        return exit;
    }

private:
    using Pipe = asio::posix::stream_descriptor;
    struct Stream {
        Pipe pipe;
        std::string text;
        bool truncated = false;
        char buffer[16 * 1024];
        bool open() const { return pipe.is_open(); }
    };

    void watch_exit() {
        exit_.async_wait(asio::posix::descriptor_base::wait_read, [self = shared_from_this()](auto error) {
            if (error) return;
            self->exited_ = true;
            if (self->abandoned_) self->reap();
            self->changed_.notify();
        });
    }

    void read(Stream& stream) {
        stream.pipe.async_read_some(asio::buffer(stream.buffer),
                                    [self = shared_from_this(), &stream](auto error, std::size_t count) {
                                        self->take(stream, error ? 0 : count);
                                    });
    }

    void take(Stream& stream, std::size_t count) {
        if (!stream.open()) return;
        if (count == 0) {
            boost::system::error_code ignored;
            stream.pipe.close(ignored);
            changed_.notify();
            return;
        }
        auto const kept = std::min(count, limit_ - std::min(limit_, stream.text.size()));
        stream.text.append(stream.buffer, kept);
        stream.truncated = stream.truncated || kept < count;
        read(stream);
    }

    void write() {
        stdin_.async_wait(asio::posix::descriptor_base::wait_write, [self = shared_from_this()](auto error) {
            if (!error && self->stdin_.is_open()) self->write_some();
        });
    }

    void write_some() {
        auto const written = write_without_sigpipe(stdin_.native_handle(), std::string_view(input_).substr(sent_));
        if (written > 0) sent_ += static_cast<std::size_t>(written);
        bool const again = written >= 0 || errno == EAGAIN || errno == EINTR;
        if (again && sent_ < input_.size()) return write();
        boost::system::error_code ignored;
        stdin_.close(ignored);
    }

    pid_t pid_;
    std::string input_;
    std::size_t sent_ = 0;
    std::size_t limit_;
    Event changed_;
    Pipe exit_;
    Pipe stdin_;
    Stream stdout_;
    Stream stderr_;
    bool exited_ = false;
    bool reaped_ = false;
    bool abandoned_ = false;
    std::optional<int> status_;
};

// Kills what is left of the group and buries the child. The caller has switched off throw_if_cancelled: we may be
// unwinding from a cancellation, and the child still has to be buried.
Async<void> end(std::shared_ptr<Child> child, Clock& clock) {
    child->kill_group();
    child->close_streams();
    auto const limit = clock.now() + burial;
    while (!child->exited() && clock.now() < limit) {
        try {
            auto ended = child->ended();
            co_await with_deadline(clock, limit, std::move(ended));
        } catch (boost::system::system_error const&) {
            // A cancellation that arrives now changes nothing: the group has been killed already.
        }
    }
    if (child->exited()) {
        child->reap();
    } else {
        child->abandon();
    }
}

// The child's own time, then a moment for what still comes through its pipes.
Task<void> finish(std::shared_ptr<Child> child, Clock& clock, Deadline deadline) {
    auto ended = child->ended();
    auto in_time = co_await with_deadline(clock, deadline, std::move(ended));
    if (!in_time) co_return pass(in_time);
    auto drained = child->drained();
    co_await with_deadline(clock, std::min(deadline, clock.now() + last_words), std::move(drained));
    co_return Result<void>{};
}

class SystemProcess final : public Process {
public:
    SystemProcess(asio::any_io_executor executor, Clock& clock) : executor_(std::move(executor)), clock_(clock) {}

    Task<Exit> run(Command command, Deadline deadline) override {
        auto const name = command.argv.empty() ? std::string() : command.argv[0];
        auto spawned = detail::spawn(command);
        if (!spawned) co_return pass(spawned);
        auto const child = std::make_shared<Child>(executor_, std::move(*spawned), std::move(command));
        child->start();

        Result<void> finished;
        std::exception_ptr stopped;
        try {
            finished = co_await finish(child, clock_, deadline);
        } catch (boost::system::system_error const&) {
            stopped = std::current_exception();
        }
        // Even entering end() would throw once we are cancelled.
        auto const throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await end(child, clock_);
        co_await asio::this_coro::throw_if_cancelled(throws);
        if (stopped) std::rethrow_exception(stopped);
        if (!finished) co_return pass(finished, name);
        auto exit = child->result();
        if (!exit) co_return pass(exit, name);
        co_return std::move(*exit);
    }

private:
    asio::any_io_executor executor_;
    Clock& clock_;
};

}  // namespace

std::unique_ptr<Process> make_system_process(asio::any_io_executor executor, Clock& clock) {
    return std::make_unique<SystemProcess>(std::move(executor), clock);
}

}  // namespace vedette
