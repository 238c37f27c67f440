// One task reads for the whole life of the connection, so a peer that goes away is noticed while a handler waits
// and no read ever has to be cancelled between two requests. The answer is a second task: the reader can end it.

#include "net/http_server_connection.hpp"

#include "base/with_deadline.hpp"
#include "net/gzip.hpp"

namespace vedette::net {
namespace {

constexpr std::size_t read_size = 16 * 1024;
constexpr std::size_t inbox_limit = 256 * 1024;
constexpr std::size_t worth_packing = 1024;
constexpr Duration linger_time = std::chrono::seconds(2);
constexpr Duration goodbye_time = std::chrono::seconds(1);

std::string http_date(WallTime when) {
    using namespace std::chrono;
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto const day = floor<std::chrono::days>(when);
    year_month_day const date(day);
    hh_mm_ss const time(floor<seconds>(when - day));
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

bool bodiless(int status) {
    return status / 100 == 1 || status == 204 || status == 304;
}

// A q-value of zero forbids gzip (RFC 9110, 12.5.3).
bool accepts_gzip(Headers const& headers) {
    for (auto const& [name, value] : headers) {
        if (!same_word(name, "Accept-Encoding")) continue;
        auto const at = value.find("gzip");
        if (at == std::string::npos) continue;
        auto const rest = std::string_view(value).substr(at + 4, value.find(',', at) - at - 4);
        auto const q = rest.find("q=0");
        return q == std::string_view::npos || rest.substr(q + 3).find_first_of("123456789") != std::string_view::npos;
    }
    return false;
}

bool valid_headers(Headers const& headers) {
    return std::ranges::all_of(headers, [](auto const& field) { return valid_field(field.first, field.second); });
}

}  // namespace

HttpServerConnection::HttpServerConnection(asio::any_io_executor executor, Clock& clock, std::unique_ptr<Stream> stream,
                                           std::vector<Certificate> client_chain, HttpHandler const& handler,
                                           HttpServerOptions const& options)
    : clock_(clock),
      stream_(std::move(stream)),
      client_chain_(std::move(client_chain)),
      handler_(handler),
      options_(options),
      arrived_(executor, "a request"),
      drained_(executor, "room for more of a request"),
      answering_(executor),
      reading_(executor) {}

Async<void> HttpServerConnection::run() {
    auto conversation = converse();
    co_await reading_.stop_after(std::move(conversation));
    if (!broke_off_) co_await stream_->finish(clock_.now() + goodbye_time);
    stream_.reset();
}

Async<void> HttpServerConnection::converse() {
    reading_.spawn(read_ahead());
    auto serving = serve_requests();
    co_await answering_.stop_after(std::move(serving));
}

Async<void> HttpServerConnection::read_ahead() {
    std::string piece(read_size, '\0');
    while (!ended_) {
        while (inbox_.size() >= std::max(inbox_limit, options_.header_limit)) co_await drained_.wait();
        auto const count = co_await stream_->read(piece, no_deadline);
        if (!count) ended_ = count.error();
        if (count && *count == 0) ended_ = Error(Errc::closed, "the peer closed");
        inbox_.append(piece, 0, count.value_or(0));
        arrived_.notify();
    }
    // A peer that only ended its half may still want a short answer; nobody reads a stream for ever that way.
    if (streaming_ || ended_->code() != Errc::closed) answering_.cancel();
}

Async<void> HttpServerConnection::serve_requests() {
    while (keep_) {
        auto request = co_await receive();
        if (!request) {
            keep_ = false;
            auto const& refusal = request.error();
            if (refusal.status == 0) co_return;
            auto const written = co_await write_known(refusal.status, {}, refusal.text + "\n", false);
            broke_off_ = !written;
            if (written) co_await linger();
            co_return;
        }
        answering_.spawn(answer(std::move(*request)));
        co_await answering_.join();
    }
}

// Closing with unread input would reset the connection and could take the answer with it.
Async<void> HttpServerConnection::linger() {
    auto const until = clock_.now() + linger_time;
    co_await stream_->finish(until);
    while (true) {
        inbox_.clear();
        drained_.notify();
        auto const waited = co_await more(until);
        if (!waited) co_return;
    }
}

Async<HttpServerConnection::Received<ServerRequest>> HttpServerConnection::receive() {
    auto const deadline = clock_.now() + options_.header_timeout;
    auto head = co_await receive_head(deadline);
    if (!head) co_return std::unexpected(head.error());
    version_ = head->version;
    accepts_gzip_ = accepts_gzip(head->headers);
    auto const plan = plan_request_body(*head);
    if (!plan) co_return std::unexpected(Refusal{400, plan.error().text()});
    keep_ = plan->keep_alive;
    auto body = co_await receive_body(*head, *plan, deadline);
    if (!body) co_return std::unexpected(body.error());
    ServerRequest request;
    request.method = std::move(head->method);
    request.target = std::move(head->target);
    request.headers = std::move(head->headers);
    request.body = std::move(*body);
    request.peer = stream_->peer();
    request.client_chain = client_chain_;
    co_return request;
}

Async<HttpServerConnection::Received<RequestHead>> HttpServerConnection::receive_head(Deadline deadline) {
    while (true) {
        // Empty lines before a request are skipped (RFC 9112, 2.2).
        while (inbox_.starts_with("\r\n")) inbox_.erase(0, 2);
        auto const end = find_head(inbox_, options_.header_limit, {});
        if (!end) co_return std::unexpected(Refusal{431, end.error().text()});
        if (*end) {
            auto head = parse_request_head(std::string_view(inbox_).substr(0, **end));
            inbox_.erase(0, **end);
            drained_.notify();
            if (!head) co_return std::unexpected(Refusal{400, head.error().text()});
            if (head->version == 11 && !head->headers.has("Host")) {
                co_return std::unexpected(Refusal{400, "a request without Host"});
            }
            co_return std::move(*head);
        }
        auto const waited = co_await more(deadline);
        if (waited) continue;
        bool const late = waited.error().code() == Errc::timed_out && !inbox_.empty();
        co_return std::unexpected(Refusal{late ? 408 : 0, "the request did not arrive in time"});
    }
}

Async<HttpServerConnection::Received<std::string>> HttpServerConnection::receive_body(RequestHead head, BodyPlan plan,
                                                                                      Deadline deadline) {
    std::string body;
    BodyDecoder decoder(plan);
    auto const too_large = [this] {
        return std::unexpected(Refusal{413, fmt::format("a body of more than {} bytes", options_.body_limit)});
    };
    if (plan.framing == Framing::length && plan.length > options_.body_limit) co_return too_large();
    if (!decoder.done() && inbox_.empty() && head.version == 11 && has_token(head.headers, "Expect", "100-continue")) {
        auto const invited = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
        if (!invited) co_return std::unexpected(Refusal{0, ""});
    }
    while (true) {
        auto const used = decoder.feed(inbox_, body);
        if (!used) co_return std::unexpected(Refusal{400, used.error().text()});
        inbox_.erase(0, *used);
        drained_.notify();
        if (body.size() > options_.body_limit) co_return too_large();
        if (decoder.done()) co_return body;
        auto const waited = co_await more(deadline);
        if (waited) continue;
        bool const late = waited.error().code() == Errc::timed_out;
        co_return std::unexpected(Refusal{late ? 408 : 0, "the body did not arrive in time"});
    }
}

Task<void> HttpServerConnection::more(Deadline deadline) {
    co_return co_await with_deadline(clock_, deadline, wait_for_bytes());
}

Task<void> HttpServerConnection::wait_for_bytes() {
    auto const before = inbox_.size();
    while (inbox_.size() == before && !ended_) co_await arrived_.wait();
    if (inbox_.size() == before) co_return std::unexpected(*ended_);
    co_return Result<void>{};
}

Async<void> HttpServerConnection::answer(ServerRequest request) {
    bool const head_only = request.method == "HEAD";
    broke_off_ = true;  // until it is written whole
    auto response = co_await handler_(std::move(request));
    Result<void> written;
    if (!response) {
        written = co_await write_known(500, {}, response.error().text() + "\n", head_only);
    } else if (!valid_headers(response->headers)) {
        written = co_await write_known(500, {}, "the response cannot be written as HTTP\n", head_only);
    } else if (auto* const text = known_text(*response->body)) {
        written = co_await write_known(response->status, std::move(response->headers), std::move(*text), head_only);
    } else {
        written = co_await write_streamed(response->status, std::move(response->headers), std::move(response->body),
                                          head_only);
    }
    if (!written) keep_ = false;
    broke_off_ = !written;
}

Task<void> HttpServerConnection::write(std::string bytes) {
    co_return co_await stream_->write(bytes, clock_.now() + options_.write_timeout);
}

Async<std::string> HttpServerConnection::pack(std::string text) {
    auto const executor = co_await asio::this_coro::executor;
    GzipWriter writer(std::move(text));
    while (!writer.step()) co_await asio::post(executor, asio::use_awaitable);
    co_return writer.take();
}

Task<void> HttpServerConnection::write_known(int status, Headers headers, std::string text, bool head_only) {
    headers = without(without(headers, "Transfer-Encoding"), "Connection");
    // What a HEAD handler says about the body it does not send stands.
    if (!(head_only && text.empty() && headers.has("Content-Length"))) {
        headers = without(headers, "Content-Length");
        if (accepts_gzip_ && text.size() > worth_packing && !bodiless(status) && !headers.has("Content-Encoding")) {
            text = co_await pack(std::move(text));
            headers.set("Content-Encoding", "gzip");
            headers.add("Vary", "Accept-Encoding");
        }
        if (!bodiless(status)) headers.set("Content-Length", std::to_string(text.size()));
    }
    if (!headers.has("Date")) headers.add("Date", http_date(clock_.wall()));
    if (!keep_) headers.set("Connection", "close");
    if (keep_ && version_ == 10) headers.set("Connection", "keep-alive");
    auto message = write_response_head(status, headers);
    if (!head_only && !bodiless(status)) message += text;
    co_return co_await write(std::move(message));
}

Task<void> HttpServerConnection::write_streamed(int status, Headers headers, std::unique_ptr<Body> body,
                                                bool head_only) {
    headers = without(without(without(headers, "Transfer-Encoding"), "Connection"), "Content-Length");
    bool const chunked = version_ == 11;
    if (!chunked) keep_ = false;
    if (chunked && !bodiless(status)) headers.add("Transfer-Encoding", "chunked");
    if (!headers.has("Date")) headers.add("Date", http_date(clock_.wall()));
    if (!keep_) headers.set("Connection", "close");
    auto started = co_await write(write_response_head(status, headers));
    if (!started || head_only || bodiless(status)) co_return started;
    if (ended_) co_return fail(Errc::closed, "the peer has gone");
    streaming_ = true;
    while (true) {
        auto piece = co_await body->read(no_deadline);
        if (!piece) co_return pass(piece);
        bool const last = piece->empty();
        if (last && !chunked) break;
        std::string framed = chunked ? fmt::format("{:x}\r\n{}\r\n", piece->size(), *piece) : std::move(*piece);
        auto written = co_await write(std::move(framed));
        if (!written) co_return written;
        if (last) break;
    }
    streaming_ = false;
    co_return Result<void>{};
}

}  // namespace vedette::net
