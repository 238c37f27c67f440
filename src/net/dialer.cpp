// Connecting, by RFC 8305: addresses alternate between the families, IPv6 first; the next one starts 250 ms after the
// last or as soon as one fails; the first to answer wins.
//
// The attempts are callbacks around one shared Race instead of one coroutine each: the task unwinds by closing all
// sockets at once, with nothing to wait for.

#include "net/dialer.hpp"

#include "base/event.hpp"
#include "net/alarm.hpp"
#include "net/tcp_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <list>

namespace vedette::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr auto attempt_delay = 250ms;

struct Failure {
    asio::ip::address address;
    Errc code;
    std::string text;
};

Failure explain(asio::ip::address const& address, error_code const& error) {
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

std::vector<asio::ip::address> race_order(std::vector<std::string> const& literals) {
    std::vector<asio::ip::address> v6;
    std::vector<asio::ip::address> v4;
    for (auto const& literal : literals) {
        error_code error;
        auto const address = asio::ip::make_address(literal, error);
        if (!error) (address.is_v6() ? v6 : v4).push_back(address);
    }
    std::vector<asio::ip::address> order;
    for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
        if (i < v6.size()) order.push_back(v6[i]);
        if (i < v4.size()) order.push_back(v4[i]);
    }
    return order;
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
    explicit Race(asio::any_io_executor executor) : executor_(executor), changed_(executor, "connect") {}

    void start(tcp::endpoint to, TimePoint next_start) {
        next_start_ = next_start;
        attempts_.push_back({tcp::socket(executor_), to.address()});
        auto const attempt = std::prev(attempts_.end());
        attempt->socket.async_connect(
            to, [self = shared_from_this(), attempt](error_code const& error) { self->ended(attempt, error); });
    }

    // Closes what is still open; what completes later is ignored.
    void abandon() {
        abandoned_ = true;
        for (auto& attempt : attempts_) close(attempt.socket);
        winner_.reset();
    }

    std::vector<Failure> failures_and_pending() const {
        auto all = failures_;
        for (auto const& attempt : attempts_) all.push_back({attempt.address, Errc::timed_out, "timed out"});
        return all;
    }

    std::optional<tcp::socket>& winner() { return winner_; }
    bool nothing_in_flight() const { return attempts_.empty(); }
    TimePoint next_start() const { return next_start_; }
    Event& changed() { return changed_; }

private:
    struct Attempt {
        tcp::socket socket;
        asio::ip::address address;
    };

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
                failures_.push_back(explain(attempt->address, error));
                next_start_ = TimePoint::min();
            }
        }
        attempts_.erase(attempt);
        changed_.notify();
    }

    asio::any_io_executor executor_;
    Event changed_;
    std::list<Attempt> attempts_;
    std::vector<Failure> failures_;
    std::optional<tcp::socket> winner_;
    TimePoint next_start_ = TimePoint::min();
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
        auto addresses = co_await find_addresses(to.host, deadline);
        if (!addresses) co_return pass(addresses, phrase);
        auto connected = co_await race(std::move(*addresses), to.port, deadline);
        if (!connected) co_return pass(connected, phrase);
        co_return std::move(*connected);
    }

private:
    Task<std::vector<asio::ip::address>> find_addresses(std::string host, Deadline deadline) {
        error_code error;
        auto const literal = asio::ip::make_address(host, error);
        if (!error) co_return std::vector{literal};
        auto const names = co_await resolver_.resolve(host, deadline);
        if (!names) co_return std::unexpected(names.error());
        auto order = race_order(*names);
        if (order.empty()) co_return fail(Errc::dns_failure, "{} has no address", host);
        co_return order;
    }

    Task<std::unique_ptr<Stream>> race(std::vector<asio::ip::address> addresses, std::uint16_t port,
                                       Deadline deadline) {
        auto const state = std::make_shared<Race>(executor_);
        Abandon const guard{state};
        std::size_t next = 0;
        for (;;) {
            if (state->winner()) co_return make_tcp_stream(std::move(*state->winner()), clock_);
            auto const now = clock_.now();
            bool const more = next < addresses.size();
            if (now >= deadline) co_return std::unexpected(late(*state));
            if (more && (state->nothing_in_flight() || now >= state->next_start())) {
                state->start({addresses[next++], port}, now + attempt_delay);
                continue;
            }
            if (state->nothing_in_flight()) co_return std::unexpected(summarize(state->failures_and_pending()));
            auto const until = more ? std::min(deadline, state->next_start()) : deadline;
            Alarm const alarm(clock_, until, [state] { state->changed().notify(); });
            co_await state->changed().wait();
        }
    }

    static Error late(Race const& state) {
        auto const failures = state.failures_and_pending();
        if (failures.empty()) return {Errc::timed_out, "timed out"};
        auto error = summarize(failures);
        return {Errc::timed_out, error.code() == Errc::timed_out ? error.text() : "timed out after " + error.text()};
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
