// A process that is held up cannot see an answer that has come: every await here ends with asking the clock. A process
// that has died sends nothing while it unwinds.

#include "operator/simulation/wire.hpp"

namespace vedette::op::simulation {
namespace {

class HeldBody final : public net::Body {
public:
    HeldBody(std::unique_ptr<net::Body> body, ProcessClock& clock) : body_(std::move(body)), clock_(clock) {}

    Task<std::string> read(Deadline deadline) override {
        auto piece = co_await body_->read(deadline);
        co_await clock_.wait_until_running();
        co_return piece;
    }

private:
    std::unique_ptr<net::Body> body_;
    ProcessClock& clock_;
};

bool changes_something(kube::Request const& request) {
    return request.method != "GET";
}

}  // namespace

void Wire::die_after(std::size_t requests, std::function<void()> dies) {
    left_ = requests;
    dies_ = std::move(dies);
}

Duration Wire::way() {
    auto const most = static_cast<std::uint64_t>(weather_.latency.count());
    return Duration(static_cast<Duration::rep>(world_.random().below(most + 1)));
}

Task<kube::Response> Wire::send(kube::Request request, Deadline deadline) {
    if (cut_) {
        co_await clock_.sleep_until(deadline, "a dead process");
        co_return fail(Errc::refused, "the process is dead");
    }
    ++sent_;
    if (on_send) on_send(request);
    bool const last = left_ > 0 && --left_ == 0;
    if (last && world_.random().chance(0.5)) {
        // Dead before it left: the server never hears of it.
        dies_();
        cut_ = true;
        co_await clock_.sleep_until(deadline, "a dead process");
        co_return fail(Errc::refused, "the process is dead");
    }
    auto response = co_await transport(std::move(request), deadline);
    if (last) {
        cut_ = true;
        dies_();
        co_await clock_.sleep_until(deadline, "a dead process");
    }
    co_await clock_.wait_until_running();
    if (!response) co_return pass(response);
    response->body = std::make_unique<HeldBody>(std::move(response->body), clock_);
    co_return response;
}

Task<kube::Response> Wire::fail_later(Errc code, TimePoint when) {
    co_await clock_.sleep_until(when, "a request that goes wrong");
    co_return fail(code, "{}", to_string(code));
}

Async<void> Wire::deliver_late(kube::Api& server, world::World& world, kube::Request request, Duration delay) {
    co_await world.clock().sleep_for(delay, "a request that comes late");
    auto const deadline = world.clock().now() + std::chrono::seconds(30);
    auto const ignored = co_await server.send(std::move(request), deadline);
    (void)ignored;
}

Task<kube::Response> Wire::transport(kube::Request request, Deadline deadline) {
    auto& random = world_.random();
    if (random.chance(weather_.refuse)) co_return fail(Errc::refused, "refused");
    if (changes_something(request)) {
        if (random.chance(weather_.lose)) {
            auto failed = co_await fail_later(Errc::timed_out, deadline);
            co_return failed;
        }
        if (random.chance(weather_.late)) {
            auto const most = static_cast<std::uint64_t>(weather_.lateness.count());
            auto const delay = Duration(static_cast<Duration::rep>(random.below(most)));
            if (on_late) on_late(request);
            network_.spawn(deliver_late(server_, world_, std::move(request), delay));
            bool const reset = random.chance(0.5);
            auto const given_up = reset ? world_.clock().now() + way() : deadline;
            auto failed = co_await fail_later(reset ? Errc::reset : Errc::timed_out, given_up);
            co_return failed;
        }
    }
    co_await world_.clock().sleep_for(way(), "a request on its way");
    bool const changes = changes_something(request);
    auto response = co_await server_.send(std::move(request), deadline);
    co_await world_.clock().sleep_for(way(), "an answer on its way");
    if (changes && random.chance(weather_.lose_answer)) {
        bool const reset = random.chance(0.5);
        auto failed =
            co_await fail_later(reset ? Errc::reset : Errc::timed_out, reset ? world_.clock().now() : deadline);
        co_return failed;
    }
    co_return response;
}

}  // namespace vedette::op::simulation
