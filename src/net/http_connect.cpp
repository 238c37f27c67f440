// One step after the other, each with its own word for what went wrong. A proxy's CONNECT answer must be the last
// thing it says before the tunnel: bytes after it would be bytes of nobody.

#include "net/http_connect.hpp"

namespace vedette::net {
namespace {

Task<std::unique_ptr<TlsStream>> wrap(Tls& tls, std::unique_ptr<Stream> stream, TlsOptions options, std::string name,
                                      Deadline deadline) {
    auto session = co_await tls.connect(std::move(stream), std::move(options), deadline);
    if (!session) co_return std::unexpected(say_which_phase(std::move(session).error(), name, "TLS handshake"));
    co_return std::move(*session);
}

// Whatever keeps us from a proxy is the proxy's failure: the server behind it has not been asked.
Error blame_proxy(Error error) {
    if (error.code() == Errc::timed_out) return error;
    return {Errc::proxy_failure, error.text()};
}

Task<void> open_tunnel(HttpConnection& connection, Origin const& origin, std::size_t header_limit, Deadline deadline) {
    auto const target = to_string(origin.endpoint);
    auto const name = "proxy " + to_string(Endpoint{origin.proxy->host, origin.proxy->port});
    Headers headers;
    headers.add("Host", target);
    if (!origin.proxy->user.empty()) headers.add("Proxy-Authorization", basic_authorization(origin.proxy->user));
    auto const request = write_request_head("CONNECT", target, headers);
    auto const sent = co_await connection.stream->write(request, deadline);
    if (!sent) co_return std::unexpected(say_which_phase(sent.error(), name, "proxy CONNECT"));
    auto const head = co_await read_response_head(connection, header_limit, deadline);
    if (!head) co_return std::unexpected(say_which_phase(head.error(), name, "proxy CONNECT"));
    if (head->status / 100 != 2) {
        co_return fail(Errc::proxy_failure, "{} refused to connect to {}: {} {}", name, target, head->status,
                       head->reason);
    }
    if (!connection.buffer.empty()) co_return fail(Errc::proxy_failure, "{} talks into the tunnel", name);
    co_return Result<void>{};
}

}  // namespace

Error say_which_phase(Error error, std::string_view name, std::string_view phase) {
    if (error.code() == Errc::timed_out) {
        return Error(Errc::timed_out, fmt::format("no answer from {} within the deadline ({})", name, phase));
    }
    return std::move(error).in_context(fmt::format("{} with {}", phase, name));
}

Task<ResponseHead> read_response_head(HttpConnection& connection, std::size_t limit, Deadline deadline) {
    auto& buffer = connection.buffer;
    std::size_t searched = 0;
    while (true) {
        auto const end = find_head(buffer, limit, "HTTP/1.", searched);
        if (!end) co_return std::unexpected(end.error());
        if (*end) {
            auto head = parse_response_head(std::string_view(buffer).substr(0, **end));
            buffer.erase(0, **end);
            co_return head;
        }
        searched = buffer.size();
        auto const count = co_await connection.fill(deadline);
        if (!count) co_return std::unexpected(count.error());
        if (*count > 0) continue;
        if (buffer.empty()) co_return fail(Errc::closed, "the peer closed without an answer");
        co_return fail(Errc::closed, "the peer closed after {} bytes of the header", buffer.size());
    }
}

Task<std::unique_ptr<HttpConnection>> open_connection(Dialer& dialer, Tls& tls, Origin const& origin,
                                                      std::size_t header_limit, Deadline deadline) {
    auto const& proxy = origin.proxy;
    auto const first = proxy ? Endpoint{proxy->host, proxy->port} : origin.endpoint;
    auto dialed = co_await dialer.connect(first, deadline);
    if (!dialed && proxy) co_return std::unexpected(blame_proxy(std::move(dialed).error().in_context("proxy")));
    if (!dialed) co_return pass(dialed);
    auto stream = std::move(*dialed);
    if (proxy && proxy->scheme == "https") {
        TlsOptions options{.server_name = proxy->host};
        auto session = co_await wrap(tls, std::move(stream), std::move(options), "proxy " + to_string(first), deadline);
        if (!session) co_return std::unexpected(blame_proxy(session.error()));
        stream = std::move(*session);
    }
    auto connection = std::make_unique<HttpConnection>(std::move(stream));
    if (!origin.tls) co_return connection;
    if (proxy) {
        auto tunnel = co_await open_tunnel(*connection, origin, header_limit, deadline);
        if (!tunnel) co_return std::unexpected(blame_proxy(tunnel.error()));
    }
    auto options = *origin.tls;
    auto session =
        co_await wrap(tls, std::move(connection->stream), std::move(options), to_string(origin.endpoint), deadline);
    if (!session) co_return pass(session);
    connection->peer_chain = std::make_shared<std::vector<Certificate> const>((*session)->peer_chain());
    connection->stream = std::move(*session);
    co_return connection;
}

}  // namespace vedette::net
