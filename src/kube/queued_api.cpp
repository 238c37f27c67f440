#include "kube/queued_api.hpp"

namespace vedette::kube {

QueuedApi::QueuedApi(asio::any_io_executor executor, Clock& clock, Api& inner, std::size_t under_way)
    : executor_(std::move(executor)), clock_(clock), inner_(inner), places_(under_way) {}

Task<Response> QueuedApi::send(Request request, Deadline deadline) {
    auto const asked = clock_.now();
    auto const rank = static_cast<int>(request.priority.value_or(Priority::normal));
    Places::Place place(places_, executor_, "the API server's earlier answers", rank);
    auto taken = co_await place.take(clock_, deadline);
    if (!taken) co_return pass(taken, "wait for the API server's answers to earlier requests");
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
