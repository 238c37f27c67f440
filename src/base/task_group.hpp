#pragma once
// TaskGroup: every task has an owner that waits for it.

#include "base/event.hpp"

#include <list>
#include <memory>
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
    /// have been cancelled before switches asio::this_coro::throw_if_cancelled off around it, or the await throws.
    Async<void> stop();
    /// Asks all tasks to end, without waiting.
    void cancel();

    std::size_t size() const { return running_.size(); }

private:
    struct Running;
    asio::any_io_executor executor_;
    std::list<std::shared_ptr<Running>> running_;
    std::shared_ptr<Event> ended_;
};

}  // namespace vedette
