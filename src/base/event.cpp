#include "base/event.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>

#include <map>

namespace vedette {

WaitNote*& WaitNote::newest() {
    static thread_local WaitNote* note = nullptr;
    return note;
}

WaitNote::WaitNote(char const* what) : what_(what), older_(newest()) {
    if (older_) older_->newer_ = this;
    newest() = this;
}

WaitNote::~WaitNote() {
    if (older_) older_->newer_ = newer_;
    (newer_ ? newer_->older_ : newest()) = older_;
}

std::string describe_waiters() {
    std::map<std::string_view, int> counts;
    for (auto const* note = WaitNote::newest(); note; note = note->older_) ++counts[note->what_];
    std::string text;
    for (auto const& [what, count] : counts) {
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
