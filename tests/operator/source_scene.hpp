#pragma once
// A SourceReader in the world: names, peers, an API server, mounted files, and a look at what TLS was asked for.

#include "kube/fake/api_server.hpp"
#include "kube/memory_files.hpp"
#include "net/http_world.hpp"
#include "net/resolving_dialer.hpp"
#include "operator/source_reader.hpp"

namespace vedette::op {

class WatchedTls final : public net::Tls {
public:
    explicit WatchedTls(net::Tls& inner) : inner_(inner) {}
    Task<std::unique_ptr<net::TlsStream>> connect(std::unique_ptr<net::Stream> stream, net::TlsOptions options,
                                                  Deadline deadline) override {
        asked.push_back(options.server_name + (options.verify ? " verified" : " unverified"));
        auto session = co_await inner_.connect(std::move(stream), std::move(options), deadline);
        co_return session;
    }
    std::vector<std::string> asked;

private:
    net::Tls& inner_;
};

struct SourceScene {
    explicit SourceScene(SourceReaderOptions options = {}, std::vector<std::string> const& allowed = {},
                         std::uint64_t seed = 1)
        : w({}, seed),
          dialer(resolver, *net::AddressPolicy::parse(allowed, "--source-allow"),
                 [this](net::Resolver& guarded) { return std::make_unique<net::ResolvingDialer>(w.network, guarded); }),
          reader(w.world.executor(), w.world.clock(), dialer, tls, kube::Client(api, w.world.clock(), w.world.random()),
                 std::move(options)) {
        resolver.answers["shop.example"] = {{"10.0.0.1"}};
        resolver.answers["other.example"] = {{"10.0.0.2"}};
    }

    /// What shop.example (10.0.0.1) and other.example (10.0.0.2) say.
    void shop(net::Script script) { w.script({"10.0.0.1", 80}, std::move(script)); }
    void other(net::Script script) { w.script({"10.0.0.2", 80}, std::move(script)); }
    void shop(std::string bytes) { w.always({"10.0.0.1", 80}, std::move(bytes)); }
    void other(std::string bytes) { w.always({"10.0.0.2", 80}, std::move(bytes)); }

    Result<std::string> read(Source source) {
        return w.world.run(reader.read(std::move(source), "health", no_deadline));
    }
    Result<std::string> get(std::string url, bool verify = true) {
        return read({.kind = Source::Kind::url, .path = std::move(url), .verify_cert = verify});
    }
    /// The text, or "CODE: error".
    std::string said(Source source) { return in_words(read(std::move(source))); }
    std::string got(std::string url, bool verify = true) { return in_words(get(std::move(url), verify)); }
    static std::string in_words(Result<std::string> const& text) {
        return text ? *text : fmt::format("{}: {}", to_string(text.error().code()), text.error().text());
    }

    net::HttpWorld w;
    net::TableResolver resolver;
    WatchedTls tls{w.tls};
    kube::fake::ApiServer api{w.world.executor(), w.world.clock(), w.world.random()};
    net::GuardedDialer dialer;
    SourceReader reader;
};

inline std::string http_answer(std::string_view status, std::string_view body, std::string_view fields = {}) {
    return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), fields, body);
}
inline std::string http_redirect(std::string_view location, std::string_view status = "302 Found") {
    return http_answer(status, "", fmt::format("Location: {}\r\n", location));
}

inline constexpr auto shop_url = "http://shop.example/w.yaml";

}  // namespace vedette::op
