// A place is handed from the leaving lease straight to the first waiter, so nobody who comes later can take it.

#include "net/http_pool.hpp"

#include "base/with_deadline.hpp"

namespace vedette::net {

namespace {

constexpr std::size_t read_size = 16 * 1024;

}  // namespace

Task<std::size_t> HttpConnection::fill(Deadline deadline) {
    auto const before = buffer.size();
    buffer.resize(before + read_size);
    auto const count = co_await stream->read(std::span(buffer).subspan(before), deadline);
    buffer.resize(before + count.value_or(0));
    if (count && *count > 0) heard = true;
    co_return count;
}

// On the frame of whoever waits: whichever way it ends, the place is neither lost nor taken twice.
struct HttpPool::Waiter {
    Waiter(HttpPool& p, Endpoint const& at, Stay s)
        : pool(p), endpoint(at), stay(s), turn(p.executor_, "a free connection") {
        pool.hosts_[endpoint].queue(stay).waiting.push_back(this);
    }
    ~Waiter() {
        if (granted && !taken) pool.leave(endpoint, stay);
        if (granted) return;
        pool.hosts_[endpoint].queue(stay).waiting.remove(this);
        pool.forget_if_unused(endpoint);
    }
    Waiter(Waiter const&) = delete;
    Waiter& operator=(Waiter const&) = delete;

    HttpPool& pool;
    Endpoint endpoint;
    Stay stay;
    Event turn;
    bool granted = false;
    bool taken = false;
};

HttpPool::Lease::~Lease() {
    if (pool_) pool_->leave(key_.endpoint, stay_);
}

std::unique_ptr<HttpConnection> HttpPool::Lease::take_idle() {
    auto& host = pool_->hosts_[key_.endpoint];
    auto const now = pool_->clock_.now();
    for (auto i = host.idle.size(); i-- > 0;) {
        auto const position = host.idle.begin() + static_cast<std::ptrdiff_t>(i);
        if (position->identity != key_.identity) continue;
        auto connection = std::move(position->connection);
        auto const until = position->until;
        host.idle.erase(position);
        if (now < until && connection->stream->idle_and_open()) return connection;
    }
    pool_->trim(host);
    return nullptr;
}

void HttpPool::Lease::keep(std::unique_ptr<HttpConnection> connection) {
    auto* const pool = std::exchange(pool_, nullptr);
    auto& host = pool->hosts_[key_.endpoint];
    // Many watches may end at once; quick requests need no more than so many to choose from.
    while (stay_ == Stay::long_lived && host.idle.size() >= pool->limits_.per_host) host.idle.pop_front();
    host.idle.push_back({key_.identity, std::move(connection), pool->clock_.now() + pool->limits_.keep_idle});
    pool->arm_sweep();
    pool->leave(key_.endpoint, stay_);
}

HttpPool::HttpPool(asio::any_io_executor executor, Clock& clock, Limits limits)
    : executor_(std::move(executor)), clock_(clock), limits_(limits) {}

HttpPool::~HttpPool() {
    if (sweep_) clock_.cancel(*sweep_);
}

Task<void> HttpPool::wait_turn(Waiter& waiter) {
    while (!waiter.granted) co_await waiter.turn.wait();
    co_return Result<void>{};
}

Task<HttpPool::Lease> HttpPool::acquire(PoolKey key, Stay stay, Deadline deadline) {
    auto& queue = hosts_[key.endpoint].queue(stay);
    if (queue.leased < (stay == Stay::quick ? limits_.per_host : limits_.long_lived_per_host)) {
        ++queue.leased;
        co_return Lease(*this, std::move(key), stay);
    }
    auto const name = to_string(key.endpoint);
    if (queue.waiting.size() >= limits_.waiting_per_host) {
        co_return fail(Errc::too_large, "more than {} requests wait for a connection to {}", limits_.waiting_per_host,
                       name);
    }
    Waiter waiter(*this, key.endpoint, stay);
    auto const turn = co_await with_deadline(clock_, deadline, wait_turn(waiter));
    if (!turn) {
        co_return fail(Errc::timed_out, "no answer from {} within the deadline (waiting for a free connection)", name);
    }
    waiter.taken = true;
    co_return Lease(*this, std::move(key), stay);
}

bool HttpPool::Host::unused() const {
    bool const quiet = quick.waiting.empty() && long_lived.waiting.empty() && idle.empty();
    return quiet && quick.leased == 0 && long_lived.leased == 0;
}

void HttpPool::leave(Endpoint const& endpoint, Stay stay) {
    auto& queue = hosts_[endpoint].queue(stay);
    if (queue.waiting.empty()) {
        --queue.leased;
    } else {
        auto* const next = queue.waiting.front();
        queue.waiting.pop_front();
        next->granted = true;
        next->turn.notify();
    }
    forget_if_unused(endpoint);
}

// A lease about to open a connection makes room among the idle ones of other identities.
void HttpPool::trim(Host& host) {
    while (!host.idle.empty() && host.quick.leased + host.idle.size() > limits_.per_host) host.idle.pop_front();
}

void HttpPool::forget_if_unused(Endpoint const& endpoint) {
    auto const found = hosts_.find(endpoint);
    if (found != hosts_.end() && found->second.unused()) hosts_.erase(found);
}

std::size_t HttpPool::size() const {
    std::size_t count = 0;
    for (auto const& [endpoint, host] : hosts_) {
        count += host.quick.leased + host.long_lived.leased + host.idle.size();
    }
    return count;
}

void HttpPool::close_idle() {
    for (auto& [endpoint, host] : hosts_) host.idle.clear();
    sweep();
}

void HttpPool::arm_sweep() {
    if (sweep_) return;
    auto first = TimePoint::max();
    for (auto const& [endpoint, host] : hosts_) {
        if (!host.idle.empty()) first = std::min(first, host.idle.front().until);
    }
    if (first == TimePoint::max()) return;
    sweep_ = clock_.call_at(first, [this] { sweep(); });
}

void HttpPool::sweep() {
    if (sweep_) clock_.cancel(*sweep_);
    sweep_.reset();
    auto const now = clock_.now();
    for (auto& [endpoint, host] : hosts_) {
        while (!host.idle.empty() && host.idle.front().until <= now) host.idle.pop_front();
    }
    std::erase_if(hosts_, [](auto const& entry) { return entry.second.unused(); });
    arm_sweep();
}

}  // namespace vedette::net
