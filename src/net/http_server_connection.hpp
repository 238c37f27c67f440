#pragma once
// One accepted connection of the HTTP server.

#include "net/http_codec.hpp"
#include "net/http_server.hpp"

namespace vedette::net {

/// Serves the requests of one peer, in order. Lifetime: run() is awaited to its end before destruction; `clock`,
/// `handler` and `options` outlive it.
class HttpServerConnection {
public:
    HttpServerConnection(asio::any_io_executor executor, Clock& clock, std::unique_ptr<Stream> stream,
                         std::vector<Certificate> client_chain, HttpHandler const& handler,
                         HttpServerOptions const& options);

    /// Returns when either side has closed; the stream is ended in order, unless an answer broke off or we were
    /// cancelled. Cancellation: the handler and the writing end first.
    Async<void> run();

private:
    struct Refusal {
        int status;  ///< 0: close without a word
        std::string text;
    };
    template <class T>
    using Received = std::expected<T, Refusal>;

    Async<void> converse();
    Async<void> read_ahead();
    Async<void> serve_requests();
    Async<void> linger();
    Async<Received<ServerRequest>> receive();
    Async<Received<RequestHead>> receive_head(Deadline deadline);
    Async<Received<std::string>> receive_body(RequestHead head, BodyPlan plan, Deadline deadline);
    Task<void> more(Deadline deadline);
    Task<void> wait_for_bytes();

    Async<void> answer(ServerRequest request);
    Task<void> write(std::string bytes);
    static Async<std::string> pack(std::string text);
    Task<void> write_known(int status, Headers headers, std::string text, bool head_only);
    Task<void> write_streamed(int status, Headers headers, std::unique_ptr<Body> body, bool head_only);

    Clock& clock_;
    std::unique_ptr<Stream> stream_;
    std::vector<Certificate> client_chain_;
    HttpHandler const& handler_;
    HttpServerOptions const& options_;

    std::string inbox_;           // read, not yet parsed
    std::optional<Error> ended_;  // why nothing more will be read
    bool streaming_ = false;
    bool accepts_gzip_ = false;
    int version_ = 11;
    bool keep_ = true;
    bool broke_off_ = false;  // an answer was not written whole: its end must not look like one
    Event arrived_;
    Event drained_;
    TaskGroup answering_;
    TaskGroup reading_;
};

}  // namespace vedette::net
