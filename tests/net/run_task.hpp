#pragma once
// Runs one task on a reactor that the caller turns, and hands back what it returned or throws what it threw.

#include "base/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>

namespace vedette::net {

/// `turn_until(done)` turns the reactor until done() is true.
template <class T, class TurnUntil>
T run_task(asio::io_context& context, Async<T> task, TurnUntil turn_until) {
    std::optional<T> result;
    asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, T value) {
        if (error) std::rethrow_exception(error);
        result.emplace(std::move(value));
    });
    turn_until([&] { return result.has_value(); });
    return std::move(*result);
}

template <class TurnUntil>
void run_task(asio::io_context& context, Async<void> task, TurnUntil turn_until) {
    bool done = false;
    asio::co_spawn(context, std::move(task), [&](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
        done = true;
    });
    turn_until([&] { return done; });
}

}  // namespace vedette::net
