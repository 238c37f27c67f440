// Connecting, by RFC 8305: addresses alternate between the families, IPv6 first; the next one starts 250 ms after the
// last or as soon as one fails; the first to answer wins. The name lookup goes on beside it.
//
// The attempts are callbacks around one shared Race instead of one coroutine each: the task unwinds by closing all
// sockets at once, with nothing to wait for but the lookup.

#include "net/dialer.hpp"

#include "base/event.hpp"
#include "base/task_group.hpp"
#include "net/address_queue.hpp"
#include "net/alarm.hpp"
#include "net/tcp_stream.hpp"
#include "net/text.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <list>

namespace vedette::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr auto attempt_delay = 250ms;  // RFC 8305, 8

struct Failure {
    asio::ip::address address;
    Errc code;
    std::string text;
};

Failure in_words(asio::ip::address const& address, error_code const& error) {
    if (error == asio::error::connection_refused) return {address, Errc::refused, "connection refused"};
    if (error == asio::error::network_unreachable) return {address, Errc::unreachable, "network is unreachable"};
    if (error == asio::error::host_unreachable) return {address, Errc::unreachable, "no route to the host"};
    if (error == asio::error::timed_out) return {address, Errc::timed_out, "timed out"};
    if (error == asio::error::connection_reset) return {address, Errc::reset, "connection reset"};
    if (error == asio::error::address_family_not_supported || error == boost::system::errc::address_not_available) {
        return {address, Errc::unreachable, "this host has no address of that family"};
    }
    if (error == asio::error::access_denied || error == boost::system::errc::operation_not_permitted) {
        return {address, Errc::denied, "forbidden by this host"};
    }
    return {address, Errc::io, error.message()};
}

// What tells most about the outage comes first: silence, then a closed port, then a missing route.
int rank(Errc code) {
    switch (code) {
        case Errc::timed_out:
            return 0;
        case Errc::refused:
            return 1;
        case Errc::reset:
            return 2;
        case Errc::denied:
            return 3;
        case Errc::unreachable:
            return 4;
        default:
            return 5;
    }
}

// One sentence for all addresses; they are named only where they differ.
Error summarize(std::vector<Failure> const& in_time_order) {
    std::vector<Failure> failures;
    for (auto const& failure : in_time_order) {
        auto const at =
            std::ranges::upper_bound(failures, rank(failure.code), {}, [](Failure const& f) { return rank(f.code); });
        failures.insert(at, failure);
    }
    auto const& worst = failures.front();
    bool const agree = std::ranges::all_of(failures, [&](Failure const& f) { return f.text == worst.text; });
    if (agree) return {worst.code, worst.text};
    std::string text;
    for (auto const& failure : failures) {
        fmt::format_to(std::back_inserter(text), "{}{} ({})", text.empty() ? "" : ", ", failure.text,
                       failure.address.to_string());
    }
    return {worst.code, std::move(text)};
}

// A connection from a port to itself: Linux allows it for a closed local port in the ephemeral range.
bool connected_to_itself(tcp::socket const& socket) {
    error_code error;
    auto const local = socket.local_endpoint(error);
    if (error) return false;
    auto const remote = socket.remote_endpoint(error);
    return !error && local == remote;
}

class Race : public std::enable_shared_from_this<Race> {
public:
    Race(asio::any_io_executor executor, std::uint16_t port)
        : executor_(executor), port_(port), changed_(executor, "connect") {}

    void add(asio::ip::address const& address) {
        waiting_.add(address);
        changed_.notify();
    }
    void lookup_ended(Result<void> const& result) {
        if (!result) lookup_error_ = result.error();
        looking_up_ = false;
        changed_.notify();
    }
    void expect_lookup(std::string host) {
        host_ = std::move(host);
        looking_up_ = true;
    }

    /// Starts the next attempt if its time has come.
    bool start_due(TimePoint now) {
        if (waiting_.empty() || (!attempts_.empty() && now < next_start_)) return false;
        next_start_ = now + attempt_delay;
        auto const address = waiting_.take();
        attempts_.push_back({tcp::socket(executor_), address});
        auto const attempt = std::prev(attempts_.end());
        attempt->socket.async_connect({address, port_}, [self = shared_from_this(), attempt](error_code const& error) {
            self->ended(attempt, error);
        });
        return true;
    }
    /// When start_due() would have something to do, if nothing else happens.
    TimePoint next_start() const { return waiting_.empty() ? TimePoint::max() : next_start_; }

    // Closes what is still open; what completes later is ignored.
    void abandon() {
        abandoned_ = true;
        for (auto& attempt : attempts_) close(attempt.socket);
        winner_.reset();
    }

    std::optional<tcp::socket>& winner() { return winner_; }
    bool lost() const { return attempts_.empty() && waiting_.empty() && !looking_up_; }
    Event& changed() { return changed_; }

    Error why_lost() const {
        if (!failures_.empty()) return summarize(failures_);
        return lookup_error_.value_or(Error(Errc::dns_failure, "the name has no address"));
    }
    Error why_late() const {
        auto failures = failures_;
        for (auto const& attempt : attempts_) failures.push_back({attempt.address, Errc::timed_out, "timed out"});
        if (failures.empty()) return {Errc::timed_out, lookup_late()};
        auto error = summarize(failures);
        return {Errc::timed_out, error.code() == Errc::timed_out ? error.text() : "timed out after " + error.text()};
    }

private:
    struct Attempt {
        tcp::socket socket;
        asio::ip::address address;
    };

    // Whoever sees the deadline first, we or the resolver, says the same.
    std::string lookup_late() const {
        return looking_up_ ? fmt::format("lookup {}: timed out waiting for the name servers", host_) : "timed out";
    }

    static void close(tcp::socket& socket) {
        error_code ignored;
        socket.close(ignored);
    }

    void ended(std::list<Attempt>::iterator attempt, error_code error) {
        if (!abandoned_ && !winner_) {
            if (!error && connected_to_itself(attempt->socket)) error = asio::error::connection_refused;
            if (!error) {
                winner_.emplace(std::move(attempt->socket));
            } else {
                failures_.push_back(in_words(attempt->address, error));
                next_start_ = TimePoint::min();
            }
        }
        attempts_.erase(attempt);
        changed_.notify();
    }

    asio::any_io_executor executor_;
    std::uint16_t port_;
    Event changed_;
    AddressQueue waiting_;
    std::list<Attempt> attempts_;
    std::vector<Failure> failures_;
    std::optional<tcp::socket> winner_;
    TimePoint next_start_ = TimePoint::min();
    std::string host_;
    bool looking_up_ = false;
    std::optional<Error> lookup_error_;
    bool abandoned_ = false;
};

struct Abandon {
    std::shared_ptr<Race> race;
    ~Abandon() { race->abandon(); }
};

class SystemDialer final : public Dialer {
public:
    SystemDialer(asio::any_io_executor executor, Clock& clock, Resolver& resolver)
        : executor_(std::move(executor)), clock_(clock), resolver_(resolver) {}

    Task<std::unique_ptr<Stream>> connect(Endpoint to, Deadline deadline) override {
        auto const phrase = fmt::format("connect {}", to_string(to));
        auto const state = std::make_shared<Race>(executor_, to.port);
        auto racing = race(state, deadline);
        TaskGroup lookup(executor_);
        if (auto const literal = parse_address(to.host)) {
            state->add(*literal);
        } else {
            state->expect_lookup(to.host);
            lookup.spawn(look_up(resolver_, std::move(to.host), deadline, state));
        }
        auto connected = co_await lookup.stop_after(std::move(racing));
        if (!connected) co_return pass(connected, phrase);
        co_return std::move(*connected);
    }

private:
    static Async<void> look_up(Resolver& resolver, std::string host, Deadline deadline, std::shared_ptr<Race> state) {
        auto found = [state](std::vector<std::string> const& literals) {
            for (auto const& literal : literals) {
                if (auto const address = parse_address(literal)) state->add(*address);
            }
        };
        auto const ended = co_await resolver.resolve(std::move(host), deadline, std::move(found));
        state->lookup_ended(ended);
    }

    Task<std::unique_ptr<Stream>> race(std::shared_ptr<Race> state, Deadline deadline) {
        Abandon const guard{state};
        while (true) {
            if (state->winner()) co_return make_tcp_stream(std::move(*state->winner()), clock_);
            auto const now = clock_.now();
            if (state->lost()) co_return std::unexpected(state->why_lost());
            if (now >= deadline) co_return std::unexpected(state->why_late());
            if (state->start_due(now)) continue;
            Alarm const alarm(clock_, std::min(deadline, state->next_start()), [state] { state->changed().notify(); });
            co_await state->changed().wait();
        }
    }

    asio::any_io_executor executor_;
    Clock& clock_;
    Resolver& resolver_;
};

}  // namespace

std::unique_ptr<Dialer> make_system_dialer(asio::any_io_executor executor, Clock& clock, Resolver& resolver) {
    return std::make_unique<SystemDialer>(std::move(executor), clock, resolver);
}

}  // namespace vedette::net
