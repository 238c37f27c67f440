// The server end of a TLS connection, over real sockets and real TLS.

#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/real_sockets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::net {
namespace {

using testing::EndsWith;

struct NoNames final : Resolver {
    Task<void> resolve(std::string host, Deadline, FoundAddresses) override {
        co_return fail(Errc::dns_failure, "lookup {}: no such host", host);
    }
    Task<DnsAnswer> query(DnsQuestion question, Deadline) override {
        co_return fail(Errc::refused, "ask for {}: connection refused", question.name);
    }
};

// One piece, then its end or an error.
class ShortBody final : public Body {
public:
    explicit ShortBody(bool breaks) : breaks_(breaks) {}
    Task<std::string> read(Deadline) override {
        if (!std::exchange(begun_, true)) co_return "streamed";
        if (breaks_) co_return fail(Errc::io, "the source broke");
        co_return std::string{};
    }

private:
    bool breaks_;
    bool begun_ = false;
};

Task<HttpResponse> handle(ServerRequest request) {
    HttpResponse response{.status = 200, .headers = {}, .body = make_body("text for " + request.target)};
    if (request.target == "/stream") response.body = std::make_unique<ShortBody>(false);
    if (request.target == "/breaks") response.body = std::make_unique<ShortBody>(true);
    if (request.target == "/who") {
        response.body = make_body(request.client_chain.empty() ? "nobody" : request.client_chain[0].subject);
    }
    co_return response;
}

Task<std::string> talk(Dialer& dialer, Tls& tls, Endpoint to, TlsOptions options, std::string request,
                       Deadline deadline) {
    auto stream = co_await dialer.connect(to, deadline);
    if (!stream) co_return pass(stream);
    auto session = co_await tls.connect(std::move(*stream), std::move(options), deadline);
    if (!session) co_return pass(session);
    auto sent = co_await (*session)->write(request, deadline);
    if (!sent) co_return pass(sent);
    std::string answer;
    std::string piece(4096, '\0');
    while (true) {
        auto const got = co_await (*session)->read(piece, deadline);
        if (!got) co_return std::unexpected(got.error());
        if (*got == 0) co_return answer;
        answer.append(piece, 0, *got);
    }
}

Task<std::string> fetch_text(HttpClient& client, Origin origin, std::string target, Deadline deadline) {
    auto response = co_await client.send(std::move(origin), {.target = std::move(target)}, deadline);
    if (!response) co_return pass(response);
    co_return co_await read_all(std::move(response->body), 1 << 20, deadline);
}

class HttpServerTlsTest : public testing::Test {
protected:
    HttpServerTlsTest() { group_.spawn(server_->serve()); }
    void TearDown() override { sockets_.run(stop_group(group_)); }

    Result<std::string> say(std::string request) {
        return sockets_.run(talk(*dialer_, *tls_, server_->local(), options(), std::move(request), sockets_.soon()));
    }
    TlsOptions options() const {
        return {.server_name = "127.0.0.1",
                .ca_pem = authority_.certificate_pem,
                .certificate_pem = identity_.certificate_pem,
                .key_pem = identity_.key_pem};
    }

    RealSockets sockets_;
    WallTime now_ = sockets_.clock().wall();
    Identity authority_ = make_identity(
        {.common_name = "authority", .not_before = now_ - 1h, .not_after = now_ + 1h, .is_authority = true});
    Identity identity_ = make_identity(
        {.common_name = "both", .names = {"127.0.0.1"}, .not_before = now_ - 1h, .not_after = now_ + 1h}, &authority_);
    NoNames names_;
    std::unique_ptr<Dialer> dialer_ = make_system_dialer(sockets_.executor(), sockets_.clock(), names_);
    std::unique_ptr<Tls> tls_ = make_tls(sockets_.clock());
    std::unique_ptr<TlsServer> accepting_ =
        std::move(*make_tls_server(sockets_.clock(), {.certificate_pem = identity_.certificate_pem,
                                                      .key_pem = identity_.key_pem,
                                                      .client_ca_pem = authority_.certificate_pem}));
    std::unique_ptr<HttpServer> server_ =
        make_http_server(sockets_.executor(), sockets_.clock(), sockets_.listen(), accepting_.get(), handle);
    std::unique_ptr<HttpClient> client_ = make_http_client(sockets_.executor(), sockets_.clock(), *dialer_, *tls_);
    TaskGroup group_{sockets_.executor()};
};

TEST_F(HttpServerTlsTest, AnAnswerThatEndsWithItsConnectionEndsTheSessionInOrder) {
    auto const known = say("GET /a HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(known) << known.error().text();
    EXPECT_THAT(*known, EndsWith("\r\n\r\ntext for /a"));
    auto const streamed = say("GET /stream HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(streamed) << streamed.error().text();
    EXPECT_THAT(*streamed, EndsWith("\r\n\r\nstreamed"));
    auto const refused = say("nonsense\r\n\r\n");
    ASSERT_TRUE(refused) << refused.error().text();
    EXPECT_TRUE(refused->starts_with("HTTP/1.1 400 "));
}

TEST_F(HttpServerTlsTest, AnAnswerThatBreaksOffDoesNotLookLikeOneThatEnded) {
    auto const got = say("GET /breaks HTTP/1.0\r\n\r\n");
    ASSERT_FALSE(got) << *got;
    EXPECT_EQ(got.error().code(), Errc::closed);
}

TEST_F(HttpServerTlsTest, OurClientIsServedOnOneConnectionAndKnownByItsCertificate) {
    Origin const origin{.endpoint = server_->local(), .tls = options()};
    EXPECT_EQ(sockets_.run(fetch_text(*client_, origin, "/a", sockets_.soon())), Result<std::string>("text for /a"));
    EXPECT_EQ(sockets_.run(fetch_text(*client_, origin, "/stream", sockets_.soon())), Result<std::string>("streamed"));
    EXPECT_EQ(sockets_.run(fetch_text(*client_, origin, "/who", sockets_.soon())), Result<std::string>("CN=both"));
    EXPECT_EQ(client_->open_connections(), 1u);
}

}  // namespace
}  // namespace vedette::net
