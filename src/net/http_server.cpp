// The accept loop: one task per connection, and no more of them than allowed.

#include "net/http_server.hpp"

#include "net/http_server_connection.hpp"

#include <boost/system/system_error.hpp>

namespace vedette::net {
namespace {

constexpr Duration accept_pause = std::chrono::milliseconds(100);  // after an error such as too many open files

class Server final : public HttpServer {
public:
    Server(asio::any_io_executor executor, Clock& clock, std::unique_ptr<Listener> listener, TlsServer* tls,
           HttpHandler handler, HttpServerOptions options)
        : executor_(executor),
          clock_(clock),
          listener_(std::move(listener)),
          tls_(tls),
          handler_(std::move(handler)),
          options_(options),
          freed_(executor, "a free connection of the server") {}

    Endpoint local() const override { return listener_->local(); }

    Async<void> serve() override {
        TaskGroup connections(executor_);
        std::exception_ptr cancelled;
        try {
            co_await accept_all(connections);
        } catch (boost::system::system_error const&) {
            cancelled = std::current_exception();
        }
        // A cancelled coroutine throws at its next await: the connections still have to be waited for.
        auto const throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await connections.stop();
        co_await asio::this_coro::throw_if_cancelled(throws);
        if (cancelled) std::rethrow_exception(cancelled);
    }

private:
    Async<void> accept_all(TaskGroup& connections) {
        while (true) {
            while (open_ >= options_.connections) co_await freed_.wait();
            auto stream = co_await listener_->accept();
            if (!stream) {
                co_await clock_.sleep_for(accept_pause, "accept to recover");
                continue;
            }
            ++open_;
            connections.spawn(serve_one(std::make_unique<Place>(*this), std::move(*stream)));
        }
    }

    // Counted down when the task ends, or when it never begins.
    struct Place {
        explicit Place(Server& s) : server(s) {}
        ~Place() {
            --server.open_;
            server.freed_.notify();
        }
        Place(Place const&) = delete;
        Place& operator=(Place const&) = delete;
        Server& server;
    };

    Async<void> serve_one(std::unique_ptr<Place>, std::unique_ptr<Stream> stream) {
        std::vector<Certificate> chain;
        if (tls_) {
            auto session = co_await tls_->accept(std::move(stream), clock_.now() + options_.header_timeout);
            if (!session) co_return;
            chain = (*session)->peer_chain();
            stream = std::move(*session);
        }
        HttpServerConnection connection(executor_, clock_, std::move(stream), std::move(chain), handler_, options_);
        co_await connection.run();
    }

    asio::any_io_executor executor_;
    Clock& clock_;
    std::unique_ptr<Listener> listener_;
    TlsServer* tls_;
    HttpHandler handler_;
    HttpServerOptions options_;
    std::size_t open_ = 0;
    Event freed_;
};

}  // namespace

std::unique_ptr<HttpServer> make_http_server(asio::any_io_executor executor, Clock& clock,
                                             std::unique_ptr<Listener> listener, TlsServer* tls, HttpHandler handler,
                                             HttpServerOptions options) {
    return std::make_unique<Server>(std::move(executor), clock, std::move(listener), tls, std::move(handler), options);
}

}  // namespace vedette::net
