#pragma once
// QueuedApi: an Api that lets at most so many requests be under way, by priority, then in the order in which they came:
// a lease is renewed however much else waits for a slow server. In front of an HTTP client it keeps what waits out of
// the pool of connections, whose queue is short and refuses what does not fit.

#include "base/places.hpp"
#include "kube/api.hpp"

namespace vedette::kube {

/// A request is under way until the header of its answer is there: a watch holds no place while it lasts.
/// Threads: one reactor. Lifetime: `clock` and `inner` outlive it; it outlives its requests.
class QueuedApi final : public Api {
public:
    QueuedApi(asio::any_io_executor executor, Clock& clock, Api& inner, std::size_t under_way);

    /// Errors: those of `inner`; timed_out while it waits.
    Task<Response> send(Request request, Deadline deadline) override;
    Task<std::optional<IssuedCredentials>> issued_credentials(Deadline deadline) override;

private:
    asio::any_io_executor executor_;
    Clock& clock_;
    Api& inner_;
    Places places_;
};

}  // namespace vedette::kube
