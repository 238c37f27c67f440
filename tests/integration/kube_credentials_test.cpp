// Every way a kubeconfig can say who we are and whom to trust, from the file on disk to a real TLS server on the
// loopback interface, with real files and real credential plugins.

#include "base/base64.hpp"
#include "kube/config.hpp"
#include "kube/http_api.hpp"
#include "net/http_server.hpp"
#include "net/real_sockets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace vedette::kube {
namespace {

using testing::HasSubstr;

constexpr auto patience = 20s;

/// Says what it has seen of each caller: "authorization|certificate|impersonated user|path".
struct EchoServer {
    Task<net::HttpResponse> answer(net::ServerRequest request) {
        auto const authorization = request.headers.get("Authorization").value_or("-");
        auto const certificate = request.client_chain.empty() ? std::string("-") : request.client_chain[0].subject;
        ++requests;
        net::HttpResponse response{.status = authorization == "Bearer expired" ? 401 : 200};
        response.body =
            net::make_body(fmt::format("{}|{}|{}|{}", authorization, certificate,
                                       request.headers.get("Impersonate-User").value_or("-"), request.target));
        co_return response;
    }
    int requests = 0;
};

/// An HTTP proxy that knows CONNECT and nothing else.
class ConnectProxy {
public:
    ConnectProxy(net::RealSockets& sockets, net::Dialer& dialer)
        : sockets_(sockets), dialer_(dialer), listener_(sockets.listen()), tasks_(sockets.executor()) {}

    net::Endpoint local() const { return listener_->local(); }
    Async<void> stop() { co_await tasks_.stop(); }

    Async<void> serve() {
        while (true) {
            auto accepted = co_await listener_->accept();
            if (!accepted) co_return;
            tasks_.spawn(tunnel(std::move(*accepted)));
        }
    }

    std::vector<std::string> asked;

private:
    static Async<void> copy(net::Stream& from, net::Stream& to, Deadline deadline) {
        std::string buffer(16 * 1024, '\0');
        while (true) {
            auto const got = co_await from.read(buffer, deadline);
            if (!got || *got == 0) break;
            auto const sent = co_await to.write(std::span(buffer).first(*got), deadline);
            if (!sent) break;
        }
        co_await to.finish(deadline);
    }

    Async<void> tunnel(std::unique_ptr<net::Stream> client) {
        auto const deadline = sockets_.soon();
        std::string head;
        while (!head.ends_with("\r\n\r\n")) {
            char one = 0;
            auto const got = co_await client->read(std::span(&one, 1), deadline);
            if (!got || *got == 0) co_return;
            head += one;
        }
        auto const line = head.substr(0, head.find("\r\n"));
        asked.push_back(line);
        auto const colon = line.rfind(':');
        auto const port = static_cast<std::uint16_t>(std::stoi(line.substr(colon + 1)));
        auto server = co_await dialer_.connect({"127.0.0.1", port}, deadline);
        if (!server) co_return;
        std::string const ok = "HTTP/1.1 200 Connection established\r\n\r\n";
        auto const sent = co_await client->write(ok, deadline);
        if (!sent) co_return;
        TaskGroup both(sockets_.executor());
        both.spawn(copy(*client, **server, deadline));
        both.spawn(copy(**server, *client, deadline));
        try {
            co_await both.join();
        } catch (boost::system::system_error const&) {
            // Both ends go away with us; the copies are only waited for.
        }
        auto const throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await both.stop();
        co_await asio::this_coro::throw_if_cancelled(throws);
    }

    net::RealSockets& sockets_;
    net::Dialer& dialer_;
    std::unique_ptr<net::Listener> listener_;
    TaskGroup tasks_;
};

/// The real files, with the pod's account somewhere else.
class PodFiles final : public Files {
public:
    PodFiles(Files& real, std::string folder) : real_(real), folder_(std::move(folder)) {}
    Result<std::string> read(std::string const& path, std::size_t limit) override {
        return real_.read(at(path), limit);
    }
    Result<std::string> version(std::string const& path) override { return real_.version(at(path)); }

private:
    std::string at(std::string const& path) const {
        std::string_view const account = "/var/run/secrets/kubernetes.io/serviceaccount";
        return path.starts_with(account) ? folder_ + path.substr(account.size()) : path;
    }
    Files& real_;
    std::string folder_;
};

Task<std::string> fetch(Api& api, std::string path, Deadline deadline) {
    Request request{.path = std::move(path)};
    auto answer = co_await api.send(std::move(request), deadline);
    if (!answer) co_return pass(answer);
    auto const status = answer->status;
    auto body = co_await net::read_all(std::move(answer->body), 64 * 1024, deadline);
    if (!body) co_return pass(body);
    co_return status == 200 ? *body : fmt::format("{}: {}", status, *body);
}

class KubeCredentials : public testing::Test {
protected:
    KubeCredentials() {
        std::string pattern = (std::filesystem::temp_directory_path() / "vedette-kube-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        write("ca.crt", authority_.certificate_pem);
        tls_server_ = *net::make_tls_server(sockets_.clock(), {.certificate_pem = server_identity_.certificate_pem,
                                                               .key_pem = server_identity_.key_pem,
                                                               .client_ca_pem = authority_.certificate_pem});
        server_ =
            net::make_http_server(sockets_.executor(), sockets_.clock(), sockets_.listen(), tls_server_.get(),
                                  [this](net::ServerRequest request) { return echo_.answer(std::move(request)); });
        tasks_.spawn(server_->serve());
    }
    ~KubeCredentials() override { std::filesystem::remove_all(folder_); }
    void TearDown() override {
        api_.reset();
        http_->close_idle();
        sockets_.run(net::stop_group(tasks_));
    }

    std::string write(std::string const& name, std::string const& text) {
        auto const path = (folder_ / name).string();
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    void write_plugin(std::string const& script) {
        auto const path = write("plugin", "#!/bin/sh\n" + script);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    std::string plugin(std::string const& mode = "Never") const {
        return fmt::format(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: {}, "
            "provideClusterInfo: true}}",
            mode);
    }
    static std::string printing(std::string_view status) {
        return fmt::format(
            "cat <<'END'\n"
            R"({{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}})"
            "\nEND\n",
            status);
    }
    std::uint16_t port() const { return server_->local().port; }
    std::string trust() const { return "certificate-authority: ca.crt"; }

    Result<std::string> ask(std::string const& user, std::string const& cluster, std::string const& path = "/x",
                            Duration limit = patience) {
        auto const kubeconfig =
            write("config", fmt::format("current-context: c\n"
                                        "contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n"
                                        "clusters: [{{name: k, cluster: {{server: "
                                        "'https://127.0.0.1:{}/prefix', {}}}}}]\n"
                                        "users: [{{name: u, user: {{{}}}}}]\n",
                                        port(), cluster, user));
        auto target = load_target({.kubeconfig = kubeconfig}, *files_);
        if (!target) return pass(target);
        return ask(*target, *files_, path, limit);
    }
    Result<std::string> ask(Target const& target, Files& files, std::string const& path = "/x",
                            Duration limit = patience) {
        auto api = make_http_api(
            target,
            {.http = *http_, .clock = sockets_.clock(), .files = files, .process = *process_, .environment = {}});
        if (!api) return pass(api);
        api_ = std::move(*api);
        return again(path, limit);
    }
    Result<std::string> again(std::string const& path = "/x", Duration limit = patience) {
        return sockets_.run(fetch(*api_, path, sockets_.clock().now() + limit));
    }

    net::Identity identity(std::string name, std::vector<std::string> names) {
        return net::make_identity({.common_name = std::move(name),
                                   .names = std::move(names),
                                   .not_before = sockets_.clock().wall() - 1h,
                                   .not_after = sockets_.clock().wall() + 1h},
                                  &authority_);
    }

    net::RealSockets sockets_;
    net::Identity authority_ = net::make_identity({.common_name = "test authority",
                                                   .not_before = sockets_.clock().wall() - 1h,
                                                   .not_after = sockets_.clock().wall() + 1h,
                                                   .is_authority = true});
    net::Identity server_identity_ = identity("server", {"127.0.0.1", "inner.example"});
    net::Identity ann_ = identity("ann", {});
    std::filesystem::path folder_;
    EchoServer echo_;
    std::unique_ptr<net::TlsServer> tls_server_;
    std::unique_ptr<net::HttpServer> server_;
    std::unique_ptr<net::Resolver> resolver_ = net::make_system_resolver(sockets_.executor(), sockets_.clock());
    std::unique_ptr<net::Dialer> dialer_ = net::make_system_dialer(sockets_.executor(), sockets_.clock(), *resolver_);
    std::unique_ptr<net::Tls> tls_ = net::make_tls(sockets_.clock());
    std::unique_ptr<net::HttpClient> http_ =
        net::make_http_client(sockets_.executor(), sockets_.clock(), *dialer_, *tls_);
    std::unique_ptr<Files> files_ = make_system_files();
    std::unique_ptr<Process> process_ = make_system_process(sockets_.executor(), sockets_.clock());
    std::unique_ptr<Api> api_;
    TaskGroup tasks_{sockets_.executor()};
};

void expect_answer(Result<std::string> const& got, std::string const& want) {
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_THAT(*got, HasSubstr(want));
}

TEST_F(KubeCredentials, Token) {
    expect_answer(ask("token: made-up", trust()), "Bearer made-up|-|-|/prefix/x");
}

TEST_F(KubeCredentials, UserNameAndPassword) {
    expect_answer(ask("username: Aladdin, password: open sesame", trust()), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==|-|-");
}

TEST_F(KubeCredentials, EmbeddedAuthorityAndClientCertificate) {
    auto const user = fmt::format("client-certificate-data: {}, client-key-data: {}",
                                  base64_encode(ann_.certificate_pem), base64_encode(ann_.key_pem));
    auto const cluster = "certificate-authority-data: " + base64_encode(authority_.certificate_pem);
    expect_answer(ask(user, cluster), "ann");
}

TEST_F(KubeCredentials, ClientCertificateInFiles) {
    write("ann.crt", ann_.certificate_pem);
    write("ann.key", ann_.key_pem);
    expect_answer(ask("client-certificate: ann.crt, client-key: ann.key", trust()), "ann");
}

TEST_F(KubeCredentials, ATokenFileFollowsItsRotation) {
    write("token", "first\n");
    expect_answer(ask("tokenFile: token", trust()), "Bearer first|");
    write("token.new", "second\n");
    std::filesystem::rename(folder_ / "token.new", folder_ / "token");
    expect_answer(again(), "Bearer second|");
    std::filesystem::remove(folder_ / "token");
    expect_answer(again(), "Bearer second|");
}

TEST_F(KubeCredentials, ThePodsOwnAccountWithALinkThatTheKubeletTurns) {
    auto const account = folder_ / "account";
    std::filesystem::create_directories(account / "..one");
    std::filesystem::create_directories(account / "..two");
    write("account/..one/token", "first");
    write("account/..two/token", "other");
    std::filesystem::create_symlink("..one", account / "..data");
    std::filesystem::create_symlink("..data/token", account / "token");
    std::filesystem::copy(folder_ / "ca.crt", account / "ca.crt");
    write("account/namespace", "monitoring");
    PodFiles files(*files_, account);
    ConfigOptions options;
    options.environment = [this](std::string name) -> std::optional<std::string> {
        if (name == "KUBERNETES_SERVICE_HOST") return "127.0.0.1";
        if (name == "KUBERNETES_SERVICE_PORT") return std::to_string(port());
        return std::nullopt;
    };
    auto const target = load_target(options, files);
    ASSERT_TRUE(target) << target.error().text();
    EXPECT_EQ(target->ns, "monitoring");
    expect_answer(ask(*target, files), "Bearer first|-|-|/x");

    std::filesystem::create_symlink("..two", account / "..next");
    std::filesystem::rename(account / "..next", account / "..data");
    expect_answer(again(), "Bearer other|");
    api_.reset();
}

TEST_F(KubeCredentials, Impersonation) {
    expect_answer(ask("token: made-up, as: bob", trust()), "Bearer made-up|-|bob|");
}

TEST_F(KubeCredentials, APluginsTokenIsKept) {
    write_plugin("echo run >> \"$(dirname \"$0\")/runs\"\n" + printing(R"({"token":"from-the-plugin"})"));
    expect_answer(ask(plugin(), trust()), "Bearer from-the-plugin|");
    expect_answer(again(), "Bearer from-the-plugin|");
    EXPECT_EQ(files_->read(folder_ / "runs", 100), Result<std::string>("run\n"));
}

TEST_F(KubeCredentials, APluginsTokenThatTheServerRefusesIsReplacedOnce) {
    write_plugin("cd \"$(dirname \"$0\")\"; if [ -e runs ]; then\n" + printing(R"({"token":"fresh"})") +
                 "else touch runs\n" + printing(R"({"token":"expired"})") + "fi\n");
    expect_answer(ask(plugin(), trust()), "Bearer fresh|");
    EXPECT_EQ(echo_.requests, 2);
}

TEST_F(KubeCredentials, APluginsCertificate) {
    boost::json::object const status{{"clientCertificateData", ann_.certificate_pem}, {"clientKeyData", ann_.key_pem}};
    write_plugin(printing(boost::json::serialize(status)));
    expect_answer(ask(plugin(), trust()), "ann");
}

TEST_F(KubeCredentials, APluginSeesTheClusterItIsFor) {
    write_plugin(
        "server=$(echo \"$KUBERNETES_EXEC_INFO\" | grep -o '\"server\":\"[^\"]*' | cut -d'\"' -f4)\n"
        R"(printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
        R"("status":{"token":"for-%s"}}' "$server")");
    expect_answer(ask(plugin(), trust()), fmt::format("Bearer for-https://127.0.0.1:{}/prefix|", port()));
}

TEST_F(KubeCredentials, APluginThatHangsIsKilledAtTheDeadlineOfTheRequest) {
    write_plugin("sleep 3600\n");
    auto const got = ask(plugin(), trust(), "/x", 300ms);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::timed_out);
    EXPECT_THAT(got.error().text(), HasSubstr("did not answer in time and was killed"));
    EXPECT_EQ(echo_.requests, 0);
}

TEST_F(KubeCredentials, APluginThatIsMissingOrFailsSaysSo) {
    auto got = ask(plugin(), trust());
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().text(), HasSubstr("is not installed"));
    write_plugin("echo 'please log in' >&2; exit 4\n");
    got = ask(plugin(), trust());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::unauthorized);
    EXPECT_THAT(got.error().text(), HasSubstr("failed with exit code 4: please log in"));
}

TEST_F(KubeCredentials, AnUnknownAuthorityIsRefusedAndInsecureOnlyWhenSaid) {
    auto const refused = ask("token: made-up", "insecure-skip-tls-verify: false");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::tls_failure) << refused.error().text();
    EXPECT_EQ(echo_.requests, 0);
    expect_answer(ask("token: made-up", "insecure-skip-tls-verify: true"), "Bearer made-up|");
}

TEST_F(KubeCredentials, TheNameOfTheServerIsTheOneThatIsSaid) {
    expect_answer(ask("token: made-up", trust() + ", tls-server-name: inner.example"), "Bearer made-up|");
    auto const got = ask("token: made-up", trust() + ", tls-server-name: other.example");
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::tls_failure) << got.error().text();
}

TEST_F(KubeCredentials, TheProxyOfTheClusterIsAsked) {
    ConnectProxy proxy(sockets_, *dialer_);
    tasks_.spawn(proxy.serve());
    auto const url = fmt::format(", proxy-url: 'http://127.0.0.1:{}'", proxy.local().port);
    expect_answer(ask("token: made-up", trust() + url), "Bearer made-up|");
    EXPECT_THAT(proxy.asked, testing::ElementsAre(fmt::format("CONNECT 127.0.0.1:{} HTTP/1.1", port())));
    api_.reset();
    http_->close_idle();
    sockets_.run(proxy.stop());
    sockets_.run(net::stop_group(tasks_));
}

}  // namespace
}  // namespace vedette::kube
