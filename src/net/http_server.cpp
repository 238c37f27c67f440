// The accept loop: one task per connection, and no more of them than allowed.

#include "net/http_server.hpp"

#include "net/http_server_connection.hpp"

namespace vedette::net {
namespace {

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
    std::optional<Error> failure() const override { return failure_; }

    Async<void> serve() override {
        TaskGroup connections(executor_);
        auto accepting = accept_all(connections);
        co_await connections.stop_after(std::move(accepting));
    }

private:
    Async<void> accept_all(TaskGroup& connections) {
        while (true) {
            while (open_ >= options_.connections) co_await freed_.wait();
            auto stream = co_await listener_->accept();
            if (!stream) {
                // What passes, such as too many open files, the listener waits out by itself.
                failure_ = std::move(stream).error();
                co_return;
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
    std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<HttpServer> make_http_server(asio::any_io_executor executor, Clock& clock,
                                             std::unique_ptr<Listener> listener, TlsServer* tls, HttpHandler handler,
                                             HttpServerOptions options) {
    return std::make_unique<Server>(std::move(executor), clock, std::move(listener), tls, std::move(handler), options);
}

}  // namespace vedette::net
