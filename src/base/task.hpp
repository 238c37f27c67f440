#pragma once
// The coroutine types. Async<T> can only be cancelled; Task<T> can also fail, as a value.
//
// Cancellation is Asio's: operation_aborted unwinds the coroutine, and only TaskGroup, with_deadline and main
// catch it. Parameters of a coroutine are owned values, or references to what the caller owns for the whole await.

#include "base/error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace vedette {

namespace asio = boost::asio;

template <class T>
using Async = asio::awaitable<T>;

template <class T>
using Task = asio::awaitable<Result<T>>;

}  // namespace vedette
