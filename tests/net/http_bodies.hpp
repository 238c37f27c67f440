#pragma once
// What the handlers of the server's tests answer with.

#include "net/http_server.hpp"

#include <fmt/format.h>

namespace vedette::net {

inline HttpResponse text_response(int status, std::string text) {
    return HttpResponse{.status = status, .headers = {}, .body = make_body(std::move(text))};
}

// A body without an end: one line a second. Counts the bodies that live.
class Ticks final : public Body {
public:
    Ticks(Clock& clock, int& alive, int fail_after = -1) : clock_(clock), alive_(alive), fail_after_(fail_after) {
        ++alive_;
    }
    ~Ticks() override { --alive_; }
    Task<std::string> read(Deadline) override {
        co_await clock_.sleep_for(period);
        if (sent_ == fail_after_) co_return fail(Errc::io, "the source broke");
        co_return fmt::format("tick {}\n", sent_++);
    }
    Duration period = 1s;

private:
    Clock& clock_;
    int& alive_;
    int fail_after_;
    int sent_ = 0;
};

}  // namespace vedette::net
