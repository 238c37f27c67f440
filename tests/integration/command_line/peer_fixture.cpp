#include "integration/command_line/peer.hpp"
#include "sim/scenario.hpp"

namespace vedette::cli {

Peer::Peer(net::RealSockets& sockets, net::TlsServer* tls, Manners manners)
    : sockets_(sockets),
      tls_(tls),
      manners_(std::move(manners)),
      listener_(sockets.listen()),
      tasks_(sockets.executor()) {}

std::string Peer::url() const {
    return fmt::format("{}://127.0.0.1:{}", tls_ ? "https" : "http", port());
}

Async<void> Peer::serve() {
    try {
        while (true) {
            auto accepted = co_await listener_->accept();
            if (!accepted) break;
            ++connections_;
            tasks_.spawn(talk(std::move(*accepted)));
        }
    } catch (boost::system::system_error const&) {
        // Cancelled: the conversations end with us.
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await tasks_.stop();
}

Task<void> Peer::say(net::Stream& stream, std::string const& text) {
    auto said = co_await stream.write(text, sockets_.soon());
    if (said) sent_ += text.size();
    co_return said;
}

Async<void> Peer::talk(std::unique_ptr<net::Stream> stream) {
    if (tls_) {
        auto session = co_await tls_->accept(std::move(stream), sockets_.soon());
        if (!session) co_return;
        stream = std::move(*session);
    }
    if (!manners_.greeting.empty()) {
        auto const said = co_await say(*stream, manners_.greeting);
        if (!said) co_return;
    }
    std::string heard(16 * 1024, '\0');
    auto const got = co_await stream->read(heard, no_deadline);
    if (!got || *got == 0) co_return;
    if (!manners_.answer.empty()) {
        auto const said = co_await say(*stream, manners_.answer);
        if (!said) co_return;
    }
    for (std::size_t sent = 0; sent < manners_.refrain_bytes; sent += manners_.refrain.size()) {
        auto const said = co_await say(*stream, manners_.refrain);
        if (!said) co_return;
    }
    if (manners_.then == Manners::Then::close) co_return co_await stream->finish(sockets_.soon());
    while (true) {
        auto const more = co_await stream->read(heard, no_deadline);
        if (!more || *more == 0) co_return;
    }
}

Task<net::HttpResponse> SameAnswer::operator()(net::ServerRequest) const {
    net::HttpResponse response{.status = status};
    response.headers.add("Content-Type", content_type);
    response.body = net::make_body(body);
    co_return response;
}

SameAnswer refusal(int status, std::string_view reason, std::string_view message) {
    return {.status = status,
            .body = fmt::format(R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure",)"
                                R"("message":"{}","reason":"{}","code":{}}})",
                                message, reason, status)};
}

GoodCluster::GoodCluster(net::RealSockets& sockets, Duration clock_ahead)
    : clock_(sockets.executor()),
      random_(1),
      server_(sockets.executor(), clock_, random_),
      keys_(sim::make_keys(clock_.wall(), random_, std::chrono::days(90))) {
    clock_.set_wall(clock_.wall() + clock_ahead);
    sim::find_scenario("healthy")->fill(server_, clock_.wall());
    auto front = sim::HttpsFront::open(sockets.executor(), clock_, server_, keys_, {"127.0.0.1", 0});
    if (!front) throw std::runtime_error(front.error().text());
    front_ = std::move(*front);
}

std::string GoodCluster::kubeconfig() const {
    return sim::kubeconfig_for(front_->local(), keys_, "good");
}

}  // namespace vedette::cli
