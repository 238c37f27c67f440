#include "base/task_group.hpp"

#include "base/ensure.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

namespace vedette {

struct TaskGroup::Running {
    asio::cancellation_signal cancel;
};

namespace {

void abort_unless_cancelled(std::exception_ptr const& error) {
    if (!error) return;
    try {
        std::rethrow_exception(error);
    } catch (boost::system::system_error const& e) {
        ensure(e.code() == asio::error::operation_aborted, e.what());
    } catch (std::exception const& e) {
        bug(e.what());
    }
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : executor_(executor), ended_(std::make_shared<Event>(executor, "task group")) {}

TaskGroup::~TaskGroup() {
    ensure(running_.empty(), "a TaskGroup is stopped before it is destroyed");
}

void TaskGroup::spawn(Async<void> task) {
    running_.push_back(std::make_shared<Running>());
    auto const self = std::prev(running_.end());
    asio::co_spawn(executor_, std::move(task),
                   asio::bind_cancellation_slot((*self)->cancel.slot(),
                                                [this, self, keep = *self, ended = ended_](std::exception_ptr error) {
                                                    abort_unless_cancelled(error);
                                                    running_.erase(self);
                                                    ended->notify();
                                                }));
}

Async<void> TaskGroup::join() {
    while (!running_.empty()) co_await ended_->wait();
}

void TaskGroup::cancel() {
    // Emitting may end a task at once and so change the list: walk a copy.
    auto const copy = running_;
    for (auto const& task : copy) task->cancel.emit(asio::cancellation_type::terminal);
}

template <>
Async<void> TaskGroup::stop_after(Async<void> work) {
    std::exception_ptr cancelled;
    try {
        co_await std::move(work);
    } catch (boost::system::system_error const&) {
        cancelled = std::current_exception();
    }
    auto const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await stop();
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (cancelled) std::rethrow_exception(cancelled);
}

Async<void> TaskGroup::stop() {
    // We may ourselves be unwinding from a cancellation: the tasks still have to be waited for.
    auto const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    cancel();
    while (!running_.empty()) {
        try {
            co_await ended_->wait();
        } catch (boost::system::system_error const& e) {
            ensure(e.code() == asio::error::operation_aborted, e.what());
        }
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
}

}  // namespace vedette
