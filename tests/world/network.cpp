// The network of the world: a connection is two one-way pipes of segments, each with a time of arrival. Faults are
// applied where the endpoint's bytes enter its pipe, so both ends see one consistent story.

#include "world/network.hpp"

#include "base/ensure.hpp"
#include "base/event.hpp"
#include "base/with_deadline.hpp"

namespace vedette::world {
namespace {

constexpr std::size_t window = 64 * 1024;  // bytes in flight before a writer has to wait

Task<void> wait_for(Event& event) {
    co_await event.wait();
    co_return Result<void>{};
}

Duration draw_delay(Faults const& faults, Random& random) {
    auto delay = faults.latency;
    if (faults.jitter > Duration{}) delay += Duration(random.below(static_cast<std::uint64_t>(faults.jitter.count())));
    return delay;
}

struct Segment {
    TimePoint arrives;
    std::string bytes;
};

enum class End { none, finished, reset };

// One direction of a connection.
struct Pipe {
    Pipe(World& w, Faults f) : world(w), faults(f), changed(w.executor(), "network pipe") {}

    World& world;
    Faults faults;
    Event changed;
    std::deque<Segment> segments;
    std::size_t queued = 0;
    std::size_t carried = 0;
    TimePoint last_arrival{};
    TimePoint next_read{};
    End end = End::none;
    TimePoint end_at{};
    bool muted = false;
    bool reader_gone = false;

    bool cut() const { return end == End::reset || reader_gone; }
    bool full() const { return queued >= window; }

    TimePoint arrival() {
        last_arrival = std::max(last_arrival, world.clock().now() + draw_delay(faults, world.random()));
        return last_arrival;
    }

    void finish(End how) {
        if (end != End::none || muted) return;
        end = how;
        end_at = arrival();
        changed.notify();
    }

    void cut_now() {
        end = End::reset;
        end_at = world.clock().now();
        segments.clear();
        queued = 0;
        changed.notify();
    }

    // Takes bytes from the writer; true when a fault says that the connection is reset here.
    bool push(std::string_view bytes) {
        if (muted || end != End::none) return false;
        auto const left = room_before_fault();
        auto const passed = bytes.substr(0, left);
        if (!passed.empty()) segments.push_back({arrival(), std::string(passed)});
        queued += passed.size();
        carried += passed.size();
        changed.notify();
        return passed.size() == left && apply_fault();
    }

    // Applies the fault whose byte count is reached; true when it is a reset.
    bool apply_fault() {
        if (faults.silent_after && carried >= *faults.silent_after) {
            muted = true;
        } else if (faults.close_after && carried >= *faults.close_after) {
            finish(End::finished);
        } else if (faults.reset_after && carried >= *faults.reset_after) {
            finish(End::reset);
            return true;
        }
        return false;
    }

    std::size_t room_before_fault() const {
        auto room = std::string_view::npos;
        for (auto const& limit : {faults.silent_after, faults.close_after, faults.reset_after}) {
            if (limit) room = std::min(room, *limit - std::min(*limit, carried));
        }
        return room;
    }

    // When something will be there to read, if that is known.
    std::optional<TimePoint> ready_at() const {
        if (!segments.empty()) return std::max(segments.front().arrives, next_read);
        if (end != End::none) return end_at;
        return std::nullopt;
    }

    std::size_t pull(std::span<char> into) {
        auto& front = segments.front();
        auto count = std::min(into.size(), front.bytes.size());
        if (faults.dribble_bytes > 0) count = std::min(count, faults.dribble_bytes);
        if (faults.fragment) count = 1 + world.random().below(count);
        std::copy_n(front.bytes.begin(), count, into.begin());
        front.bytes.erase(0, count);
        if (front.bytes.empty()) segments.pop_front();
        queued -= count;
        next_read = world.clock().now() + faults.dribble_every;
        changed.notify();
        return count;
    }
};

struct Wire {
    Wire(World& w, std::size_t n, net::Endpoint to, Faults faults, std::shared_ptr<std::size_t> open)
        : world(w), number(n), endpoint(std::move(to)), up(w, {}), down(w, faults), open_streams(std::move(open)) {
        up.faults.latency = faults.latency;
        if (down.apply_fault()) up.cut_now();
    }

    World& world;
    std::size_t number;
    net::Endpoint endpoint;
    Pipe up;    // dialer to listener
    Pipe down;  // listener to dialer
    std::shared_ptr<std::size_t> open_streams;
};

enum class Side { dialer, listener };

class PipeStream final : public net::Stream {
public:
    PipeStream(std::shared_ptr<Wire> wire, Side side) : wire_(std::move(wire)), side_(side) { ++*wire_->open_streams; }

    ~PipeStream() override {
        note("closes");
        out().finish(End::finished);
        in().reader_gone = true;
        in().changed.notify();
        --*wire_->open_streams;
    }

    Task<std::size_t> read(std::span<char> into, Deadline deadline) override {
        auto const keep = wire_;
        auto& pipe = in();
        auto& clock = wire_->world.clock();
        while (true) {
            auto const ready = pipe.ready_at();
            if (ready && *ready <= clock.now()) break;
            if (clock.now() >= deadline) co_return fail(Errc::timed_out, "timed out");
            auto const until = ready ? std::min(*ready, deadline) : deadline;
            auto const ignored = co_await with_deadline(clock, until, wait_for(pipe.changed));
            (void)ignored;
        }
        if (!pipe.segments.empty()) {
            auto const count = pipe.pull(into);
            note(fmt::format("reads {}", count));
            co_return count;
        }
        note(pipe.end == End::reset ? "reads a reset" : "reads the end");
        if (pipe.end == End::reset) co_return fail(Errc::reset, "connection reset by peer");
        co_return std::size_t{0};
    }

    Task<void> write(std::span<char const> bytes, Deadline deadline) override {
        auto const keep = wire_;
        auto& pipe = out();
        auto& clock = wire_->world.clock();
        std::string_view rest(bytes.data(), bytes.size());
        note(fmt::format("writes {}", bytes.size()));
        while (!rest.empty()) {
            if (pipe.cut()) co_return fail(Errc::reset, "connection reset by peer");
            if (pipe.full()) {
                if (clock.now() >= deadline) co_return fail(Errc::timed_out, "timed out");
                auto const ignored = co_await with_deadline(clock, deadline, wait_for(pipe.changed));
                (void)ignored;
                continue;
            }
            auto const piece = rest.substr(0, window - pipe.queued);
            if (pipe.push(piece)) in().cut_now();
            rest.remove_prefix(piece.size());
        }
        co_return Result<void>{};
    }

    Async<void> finish(Deadline) override {
        note("finishes");
        out().finish(End::finished);
        co_return;
    }

    bool idle_and_open() override {
        auto const ready = in().ready_at();
        return !ready || *ready > wire_->world.clock().now();
    }

    std::string peer() const override {
        if (side_ == Side::dialer) return net::to_string(wire_->endpoint);
        return fmt::format("10.0.0.1:{}", 40000 + wire_->number);
    }

private:
    Pipe& in() { return side_ == Side::dialer ? wire_->down : wire_->up; }
    Pipe& out() { return side_ == Side::dialer ? wire_->up : wire_->down; }
    void note(std::string_view what) {
        wire_->world.note(fmt::format("#{} {} {}", wire_->number, side_ == Side::dialer ? "client" : "server", what));
    }

    std::shared_ptr<Wire> wire_;
    Side side_;
};

}  // namespace

class Network::PipeListener final : public net::Listener {
public:
    PipeListener(Network& network, net::Endpoint at)
        : network_(network), at_(std::move(at)), arrived_(network.world_.executor(), "accept") {
        auto const added = network_.listeners_.emplace(at_, this).second;
        ensure(added, "an endpoint of the world has one listener");
    }
    ~PipeListener() override { network_.listeners_.erase(at_); }

    Task<std::unique_ptr<net::Stream>> accept() override {
        while (waiting_.empty()) co_await arrived_.wait();
        auto stream = std::move(waiting_.front());
        waiting_.pop_front();
        co_return stream;
    }
    net::Endpoint local() const override { return at_; }

    void offer(std::unique_ptr<net::Stream> stream) {
        waiting_.push_back(std::move(stream));
        arrived_.notify();
    }

private:
    Network& network_;
    net::Endpoint at_;
    std::deque<std::unique_ptr<net::Stream>> waiting_;
    Event arrived_;
};

Faults draw_faults(Random& random) {
    Faults faults;
    faults.fragment = random.chance(0.3);
    if (random.chance(0.5)) faults.latency = std::chrono::milliseconds(random.below(200));
    if (random.chance(0.5)) faults.jitter = std::chrono::milliseconds(1 + random.below(50));
    auto const somewhere = [&random] { return static_cast<std::size_t>(random.below(3000)); };
    switch (random.below(12)) {
        case 0:
            faults.refuse = true;
            break;
        case 1:
            faults.blackhole = true;
            break;
        case 2:
            faults.silent_after = somewhere();
            break;
        case 3:
            faults.reset_after = somewhere();
            break;
        case 4:
            faults.close_after = somewhere();
            break;
        case 5:
            faults.dribble_bytes = 1 + random.below(64);
            faults.dribble_every = std::chrono::milliseconds(random.below(100));
            break;
        default:
            break;
    }
    return faults;
}

Network::Network(World& world) : world_(world) {}

Network::~Network() {
    ensure(listeners_.empty(), "listeners go before their network");
}

Task<std::unique_ptr<net::Stream>> Network::connect(net::Endpoint to, Deadline deadline) {
    auto const name = net::to_string(to);
    auto const found = faults_.find(to);
    auto const faults = found == faults_.end() ? Faults{} : found->second;
    auto& clock = world_.clock();
    world_.note(fmt::format("connect {}", name));
    if (faults.blackhole) {
        Event never(world_.executor(), "an answer from a black hole");
        auto const ignored = co_await with_deadline(clock, deadline, wait_for(never));
        (void)ignored;
        co_return fail(Errc::timed_out, "connect {}: timed out", name);
    }
    auto const answers = clock.now() + draw_delay(faults, world_.random());
    co_await clock.sleep_until(std::min(answers, deadline), "connect");
    if (answers > deadline) co_return fail(Errc::timed_out, "connect {}: timed out", name);
    if (unknown_names_.contains(to.host)) co_return fail(Errc::dns_failure, "connect {}: no such host", name);
    auto const listener = listeners_.find(to);
    if (faults.refuse || listener == listeners_.end()) {
        world_.note(fmt::format("refused {}", name));
        co_return fail(Errc::refused, "connect {}: connection refused", name);
    }
    auto wire = std::make_shared<Wire>(world_, ++connections_, to, faults, open_streams_);
    world_.note(fmt::format("#{} is {}", wire->number, name));
    listener->second->offer(std::make_unique<PipeStream>(wire, Side::listener));
    co_return std::make_unique<PipeStream>(wire, Side::dialer);
}

std::unique_ptr<net::Listener> Network::listen(net::Endpoint at) {
    if (at.port == 0) at.port = next_port_++;
    return std::make_unique<PipeListener>(*this, std::move(at));
}

}  // namespace vedette::world
