#pragma once
// TaskGroup: every task has an owner that waits for it.

#include "base/event.hpp"

#include <boost/system/system_error.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>

namespace vedette {

/// Owns running tasks. Declare it as the last member of its owner, `co_await stop()` before the owner dies: the
/// destructor only ensures that nothing runs any more. Threads: one reactor.
class TaskGroup {
public:
    explicit TaskGroup(asio::any_io_executor executor);
    ~TaskGroup();
    TaskGroup(TaskGroup const&) = delete;
    TaskGroup& operator=(TaskGroup const&) = delete;

    /// Starts `task` at the next turn of the reactor. An exception other than cancellation is a bug and aborts.
    void spawn(Async<void> task);
    /// Waits until all tasks have ended by themselves.
    Async<void> join();
    /// Cancels all tasks and waits until they have unwound. Cannot itself be cancelled once it runs; a caller that may
    /// have been cancelled before uses stop_after() instead, or the await throws.
    Async<void> stop();
    /// Awaits `work`, then stops the group, whether `work` returned or was cancelled with us; then passes on what came
    /// of it.
    template <class T>
    Async<T> stop_after(Async<T> work);
    /// Asks all tasks to end, without waiting.
    void cancel();

    std::size_t size() const { return running_.size(); }

private:
    struct Running;
    asio::any_io_executor executor_;
    std::list<std::shared_ptr<Running>> running_;
    std::shared_ptr<Event> ended_;
};

template <class T>
Async<T> TaskGroup::stop_after(Async<T> work) {
    std::optional<T> result;
    std::exception_ptr cancelled;
    try {
        result.emplace(co_await std::move(work));
    } catch (boost::system::system_error const&) {
        cancelled = std::current_exception();
    }
    // A cancelled coroutine throws at its next await: the tasks still have to be waited for.
    auto const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await stop();
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (cancelled) std::rethrow_exception(cancelled);
    co_return std::move(*result);
}

template <>
Async<void> TaskGroup::stop_after(Async<void> work);

}  // namespace vedette
