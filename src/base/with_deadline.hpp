#pragma once
// The only race in the program: an operation against a point in time.
//
// Asio 1.81's `op || timer` waits for the first branch that does not throw, so a throwing operation would come back
// as a late timeout. Here the operation always ends first: at the deadline it is cancelled, unwinds, and only then
// does with_deadline return. Nothing it owned is left behind.

#include "base/clock.hpp"

namespace vedette {
namespace detail {

/// Runs `operation`; cancels it at `deadline`. True when it was cut short by the deadline.
Async<bool> race(Clock& clock, Deadline deadline, Async<void> operation);

template <class T>
Async<void> store(Async<T> operation, std::optional<T>& into) {
    into.emplace(co_await std::move(operation));
}

}  // namespace detail

/// Awaits `operation` until `deadline`. Errors: timed_out with the text "timed out" (the caller adds what it tried),
/// or the operation's own. Cancelling the caller cancels the operation. An exception of the operation passes through.
template <class T>
Task<T> with_deadline(Clock& clock, Deadline deadline, Task<T> operation) {
    std::optional<Result<T>> result;
    auto stored = detail::store<Result<T>>(std::move(operation), result);
    co_await detail::race(clock, deadline, std::move(stored));
    if (result) co_return std::move(*result);
    co_return fail(Errc::timed_out, "timed out");
}

}  // namespace vedette
