// A place is handed from who leaves to who waits longest, so nobody who comes later can take it.

#include "kube/queued_api.hpp"

#include "base/ensure.hpp"
#include "base/with_deadline.hpp"

namespace vedette::kube {

// On the frame of whoever asks: whichever way it ends, the place is neither lost nor taken twice.
class QueuedApi::Place {
public:
    Place(QueuedApi& api, Priority priority)
        : turn(api.executor_, "the API server's earlier answers"), api_(api), priority_(priority) {
        if (api_.free_ > 0) {
            --api_.free_;
            granted = true;
        } else {
            api_.waiting_[priority_].push_back(this);
        }
    }
    ~Place() {
        if (granted) {
            api_.leave();
        } else {
            api_.waiting_[priority_].remove(this);
        }
    }
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;

    Event turn;
    bool granted = false;

private:
    QueuedApi& api_;
    Priority priority_;
};

QueuedApi::QueuedApi(asio::any_io_executor executor, Clock& clock, Api& inner, std::size_t under_way)
    : executor_(std::move(executor)), clock_(clock), inner_(inner), free_(under_way) {
    ensure(under_way > 0, "a queue lets something through");
}

QueuedApi::~QueuedApi() {
    for (auto const& [priority, places] : waiting_) ensure(places.empty(), "a QueuedApi outlives its requests");
}

void QueuedApi::leave() {
    for (auto& [priority, places] : waiting_) {
        if (places.empty()) continue;
        auto* const next = places.front();
        places.pop_front();
        next->granted = true;
        next->turn.notify();
        return;
    }
    ++free_;
}

Task<void> QueuedApi::wait(Place& place) {
    while (!place.granted) co_await place.turn.wait();
    co_return Result<void>{};
}

Task<Response> QueuedApi::send(Request request, Deadline deadline) {
    auto const asked = clock_.now();
    Place place(*this, request.priority.value_or(Priority::normal));
    if (!place.granted) {
        auto waited = co_await with_deadline(clock_, deadline, wait(place));
        if (!waited) co_return pass(waited, "wait for the API server's answers to earlier requests");
    }
    auto const waited = clock_.now() - asked;
    auto response = co_await inner_.send(std::move(request), deadline);
    if (response) response->waited += waited;
    co_return response;
}

Task<std::optional<IssuedCredentials>> QueuedApi::issued_credentials(Deadline deadline) {
    auto issued = co_await inner_.issued_credentials(deadline);
    co_return issued;
}

}  // namespace vedette::kube
