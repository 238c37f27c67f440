#include "base/event.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>

#include <map>

namespace vedette {
namespace {

std::map<std::string_view, int>& waiters() {
    static thread_local std::map<std::string_view, int> counts;
    return counts;
}

}  // namespace

WaitNote::WaitNote(char const* what) : what_(what) {
    ++waiters()[what_];
}

WaitNote::~WaitNote() {
    auto& counts = waiters();
    if (auto const found = counts.find(what_); found != counts.end() && --found->second == 0) counts.erase(found);
}

std::string describe_waiters() {
    std::string text;
    for (auto const& [what, count] : waiters()) {
        fmt::format_to(std::back_inserter(text), "{}{} x {}", text.empty() ? "" : ", ", count, what);
    }
    return text.empty() ? "nobody waits for anything" : text;
}

Event::Event(asio::any_io_executor executor, char const* what)
    : never_(std::move(executor), asio::steady_timer::time_point::max()), what_(what) {}

Event::~Event() = default;

Async<void> Event::wait() {
    WaitNote note(what_);
    auto const before = notified_;
    boost::system::error_code error;
    co_await never_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    // Being notified and being cancelled both arrive as operation_aborted; the count tells them apart.
    if (notified_ == before) throw boost::system::system_error(asio::error::operation_aborted);
}

void Event::notify() {
    ++notified_;
    never_.cancel();
}

}  // namespace vedette
