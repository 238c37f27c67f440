// The client: a turn in the pool, a kept or a new connection, one exchange. The only loop is the single repetition
// of a request that a kept connection cannot have delivered (RFC 9110, 9.2.2).

#include "net/http_client.hpp"

#include "base/trim.hpp"
#include "net/http_connect.hpp"
#include "net/http_response_body.hpp"
#include "net/text.hpp"
#include "net/tls_material.hpp"

namespace vedette::net {
namespace {

constexpr int informational_limit = 16;       // 1xx answers before the real one
constexpr std::size_t one_write = 64 * 1024;  // a body up to this goes out together with its head

void append(std::string& key, std::string_view part) {
    fmt::format_to(std::back_inserter(key), "{}:{}|", part.size(), part);
}

// Keys last as long as idle connections do: no key material in them, nor much of anything.
std::string secret_digest(TlsOptions const& tls) {
    if (tls.ca_pem.empty() && tls.certificate_pem.empty() && tls.key_pem.empty()) return {};
    return digest(tls.ca_pem) + digest(tls.certificate_pem) + digest(tls.key_pem);
}

PoolKey pool_key(Origin const& origin) {
    PoolKey key{origin.endpoint, {}};
    if (auto const& tls = origin.tls) {
        append(key.identity, tls->server_name);
        append(key.identity, tls->verify ? "verify" : "trust");
        append(key.identity, secret_digest(*tls));
        for (auto const& protocol : tls->alpn) append(key.identity, protocol);
    }
    if (auto const& proxy = origin.proxy) {
        append(key.identity, fmt::format("{}://{}:{}", proxy->scheme, proxy->host, proxy->port));
        append(key.identity, proxy->user);
    }
    return key;
}

Result<void> check(HttpRequest const& request) {
    bool valid = valid_method(request.method) && valid_target(request.target);
    for (auto const& [name, value] : request.headers) valid = valid && valid_field(name, value);
    if (!valid) return fail(Errc::invalid_input, "a request that cannot be written as HTTP");
    if (request.headers.has("Transfer-Encoding")) return fail(Errc::invalid_input, "requests have a Content-Length");
    auto const length = request.headers.get("Content-Length");
    if (length && *length != std::to_string(request.body.size())) {
        return fail(Errc::invalid_input, "a Content-Length that is not the body's");
    }
    return {};
}

bool always_has_body(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

// A request as it is written, and what was promised in it.
struct Prepared {
    std::string method;
    std::string head;
    std::string body;
    std::string name;  // of the peer
    bool gunzip = false;
    bool keep = true;
    bool absolute_form = false;
};

std::string host_field(Origin const& origin) {
    auto const usual = origin.tls ? 443 : 80;
    auto const name = to_string(origin.endpoint);
    return origin.endpoint.port == usual ? name.substr(0, name.rfind(':')) : name;
}

Prepared prepare(Origin const& origin, HttpRequest request) {
    Prepared prepared{.method = request.method, .body = std::move(request.body), .name = to_string(origin.endpoint)};
    auto const host = host_field(origin);
    prepared.absolute_form = origin.proxy && !origin.tls;
    prepared.keep = !has_token(request.headers, "Connection", "close");
    prepared.gunzip =
        !request.headers.has("Accept-Encoding") && !request.headers.has("Range") && request.method != "HEAD";
    Headers headers;
    if (!request.headers.has("Host")) headers.add("Host", host);
    for (auto const& [name, value] : request.headers) headers.add(name, value);
    if (prepared.gunzip) headers.add("Accept-Encoding", "gzip");
    if (!headers.has("Content-Length") && (!prepared.body.empty() || always_has_body(request.method))) {
        headers.add("Content-Length", std::to_string(prepared.body.size()));
    }
    if (prepared.absolute_form && !origin.proxy->user.empty() && !headers.has("Proxy-Authorization")) {
        headers.add("Proxy-Authorization", basic_authorization(origin.proxy->user));
    }
    auto const target = prepared.absolute_form ? "http://" + host + request.target : request.target;
    prepared.head = write_request_head(request.method, target, headers);
    if (prepared.body.size() <= one_write) prepared.head += std::exchange(prepared.body, {});
    return prepared;
}

bool may_repeat(Prepared const& request, HttpConnection const& connection, Error const& error) {
    bool const safe = request.method == "GET" || request.method == "HEAD";
    bool const dead = error.code() == Errc::reset || error.code() == Errc::closed;
    return safe && dead && !connection.heard;
}

Task<ResponseHead> read_final_head(HttpConnection& connection, std::size_t limit, Deadline deadline) {
    for (int i = 0; i <= informational_limit; ++i) {
        auto head = co_await read_response_head(connection, limit, deadline);
        if (!head || head->status / 100 != 1) co_return head;
        if (head->status == 101) co_return fail(Errc::malformed, "the peer switches protocols unasked");
    }
    co_return fail(Errc::malformed, "more than {} informational answers", informational_limit);
}

// Whether gzip is the only coding: what was packed otherwise, or twice, stays as it is and says so.
bool packed_once(Headers const& headers) {
    std::size_t codings = 0;
    for (auto const& [name, value] : headers) codings += same_word(name, "Content-Encoding") ? 1 : 0;
    return codings == 1 && same_word(trim(*headers.get("Content-Encoding")), "gzip");
}

class Client final : public HttpClient {
public:
    Client(asio::any_io_executor executor, Clock& clock, Dialer& dialer, Tls& tls, HttpClientOptions options)
        : dialer_(dialer),
          tls_(tls),
          options_(options),
          pool_(std::move(executor), clock,
                {.per_host = options.connections_per_host,
                 .long_lived_per_host = options.long_lived_per_host,
                 .keep_idle = options.keep_idle}),
          clock_(clock) {}

    Task<HttpResponse> send(Origin origin, HttpRequest request, Deadline deadline) override {
        if (auto valid = check(request); !valid) co_return pass(valid);
        auto const stay = request.long_lived ? Stay::long_lived : Stay::quick;
        auto const prepared = prepare(origin, std::move(request));
        auto const asked = clock_.now();
        auto lease = co_await pool_.acquire(pool_key(origin), stay, deadline);
        if (!lease) co_return pass(lease);
        auto const waited = clock_.now() - asked;
        auto response = co_await send_over(origin, prepared, std::move(*lease), deadline);
        if (response) response->waited = waited;
        co_return response;
    }

    std::size_t open_connections() const override { return pool_.size(); }
    void close_idle() override { pool_.close_idle(); }

private:
    Task<HttpResponse> send_over(Origin const& origin, Prepared const& prepared, HttpPool::Lease lease,
                                 Deadline deadline) {
        if (auto connection = lease.take_idle()) {
            auto head = co_await exchange(*connection, prepared, deadline);
            if (head || !may_repeat(prepared, *connection, head.error())) {
                co_return respond(prepared, std::move(head), std::move(lease), std::move(connection));
            }
        }
        auto opened = co_await open_connection(dialer_, tls_, origin, options_.header_limit, deadline);
        if (!opened) co_return pass(opened);
        auto head = co_await exchange(**opened, prepared, deadline);
        co_return respond(prepared, std::move(head), std::move(lease), std::move(*opened));
    }

    Task<ResponseHead> exchange(HttpConnection& connection, Prepared const& request, Deadline deadline) {
        connection.heard = false;
        auto sent = co_await connection.stream->write(request.head, deadline);
        if (sent && !request.body.empty()) sent = co_await connection.stream->write(request.body, deadline);
        // A server that refuses a large body answers first and cuts then: the answer is worth more than the reset.
        if (!sent && sent.error().code() != Errc::reset) {
            co_return std::unexpected(say_which_phase(sent.error(), request.name, "request"));
        }
        auto head = co_await read_final_head(connection, options_.header_limit, deadline);
        if (!head) co_return std::unexpected(say_which_phase(std::move(head).error(), request.name, "header"));
        if (!sent) head->headers.set("Connection", "close");
        co_return head;
    }

    static Result<HttpResponse> respond(Prepared const& request, Result<ResponseHead> head, HttpPool::Lease lease,
                                        std::unique_ptr<HttpConnection> connection) {
        if (!head) return pass(head);
        if (request.absolute_form && head->status == 407) {
            return fail(Errc::proxy_failure, "the proxy refused to pass a request to {}: 407 {}", request.name,
                        head->reason);
        }
        auto const plan = plan_response_body(*head, request.method);
        if (!plan) return std::unexpected(say_which_phase(plan.error(), request.name, "header"));
        bool const packed = request.gunzip && plan->framing != Framing::none && packed_once(head->headers);
        if (packed) head->headers = without(without(head->headers, "Content-Encoding"), "Content-Length");
        ResponseBody::Options options{
            .plan = *plan, .keep = request.keep && plan->keep_alive, .gunzip = packed, .name = request.name};
        auto chain = connection->peer_chain;
        auto body = std::make_unique<ResponseBody>(std::move(options), std::move(lease), std::move(connection));
        return HttpResponse{.status = head->status,
                            .headers = std::move(head->headers),
                            .body = std::move(body),
                            .peer_chain = std::move(chain)};
    }

    Dialer& dialer_;
    Tls& tls_;
    HttpClientOptions options_;
    HttpPool pool_;
    Clock& clock_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(asio::any_io_executor executor, Clock& clock, Dialer& dialer, Tls& tls,
                                             HttpClientOptions options) {
    return std::make_unique<Client>(std::move(executor), clock, dialer, tls, options);
}

}  // namespace vedette::net
