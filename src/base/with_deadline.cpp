#include "base/with_deadline.hpp"

#include "base/event.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>

namespace vedette::detail {
namespace {

bool is_cancellation(std::exception_ptr const& error) {
    try {
        std::rethrow_exception(error);
    } catch (boost::system::system_error const& e) {
        return e.code() == asio::error::operation_aborted;
    } catch (std::exception const&) {  // a bug; the caller rethrows it
        return false;
    }
}

struct Race {
    asio::cancellation_signal cancel;
    bool expired = false;
    std::exception_ptr error;

    void abort() { cancel.emit(asio::cancellation_type::terminal); }
};

// One asynchronous operation around the child: it ends only when the child has unwound, and our own cancellation is
// handed on to the child instead of abandoning it.
Async<void> run_child(asio::any_io_executor executor, std::shared_ptr<Race> state, Async<void> operation) {
    WaitNote const note("operation with a deadline");
    auto initiate = [state, executor](auto handler, Async<void> child) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) slot.assign([state](asio::cancellation_type) { state->abort(); });
        asio::co_spawn(executor, std::move(child),
                       asio::bind_cancellation_slot(state->cancel.slot(), [state, slot, handler = std::move(handler)](
                                                                              std::exception_ptr error) mutable {
                           if (slot.is_connected()) slot.clear();
                           state->error = std::move(error);
                           std::move(handler)();
                       }));
    };
    co_await asio::async_initiate<asio::use_awaitable_t<> const, void()>(std::move(initiate), asio::use_awaitable,
                                                                         std::move(operation));
}

}  // namespace

Async<bool> race(Clock& clock, Deadline deadline, Async<void> operation) {
    auto const executor = co_await asio::this_coro::executor;
    auto const state = std::make_shared<Race>();
    std::optional<Clock::TimerId> timer;
    if (deadline != no_deadline) {
        timer = clock.call_at(deadline, [state] {
            state->expired = true;
            state->abort();
        });
    }
    co_await run_child(executor, state, std::move(operation));
    if (timer) clock.cancel(*timer);
    if (!state->error) co_return false;
    if (state->expired && is_cancellation(state->error)) co_return true;
    std::rethrow_exception(state->error);
}

}  // namespace vedette::detail
