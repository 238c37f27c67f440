// Ways that lead nowhere: a closed port, a name that is none, a proxy that refuses.

#include "integration/command_line/peer.hpp"
#include "integration/command_line/program.hpp"

namespace vedette::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char reached[] = "the API server cannot be reached: ";
constexpr char proxy_advice[] = "; check proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY";

class CommandLineReaching : public CommandLine {
protected:
    Ran check(Variables variables = {}, std::string const& format = "json") {
        return vedette({"check", "--kubeconfig", "config", "-o", format}, std::move(variables));
    }
    /// A port of 127.0.0.1 that nobody listens on.
    std::uint16_t closed_port() { return sockets_.listen()->local().port; }
};

TEST_F(CommandLineReaching, AClosedPort) {
    auto const port = closed_port();
    kubeconfig(fmt::format("https://127.0.0.1:{}", port));
    expect_unreachable(check(), fmt::format("{}connect 127.0.0.1:{}: connection refused; check that the API server "
                                            "runs, and its address in the kubeconfig",
                                            reached, port));
}

TEST_F(CommandLineReaching, ATableTellsTheCauseOnce) {
    kubeconfig(fmt::format("https://127.0.0.1:{}", closed_port()));
    auto const ran = check({}, "table");
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.err, "");
    auto const first = ran.out.find("connection refused");
    ASSERT_NE(first, std::string::npos) << ran.out;
    EXPECT_EQ(ran.out.find("connection refused", first + 1), std::string::npos) << ran.out;
    EXPECT_THAT(ran.out, HasSubstr("more checks could not be done for the same reason"));
}

TEST_F(CommandLineReaching, AtLogLevelWarningOneRecordSaysItAll) {
    kubeconfig(fmt::format("https://127.0.0.1:{}", closed_port()));
    auto const ran = vedette({"check", "--kubeconfig", "config", "-l", "warning"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.err, "");
    EXPECT_THAT(ran.out, HasSubstr("connection refused"));
    for (auto at = ran.out.begin(); at != ran.out.end();) {
        auto const end = std::find(at, ran.out.end(), '\n');
        boost::system::error_code error;
        boost::json::parse(std::string(at, end), error);
        EXPECT_FALSE(error) << std::string(at, end);
        at = end == ran.out.end() ? end : end + 1;
    }
}

// Names that no name server is asked for, so that the test does not depend on the machine's.
TEST_F(CommandLineReaching, ANameThatIsNone) {
    constexpr char advice[] = "; check the server's name in the kubeconfig, and this machine's DNS";
    kubeconfig("https://api.shop.onion:6443");
    expect_unreachable(
        check(), fmt::format("{}connect api.shop.onion:6443: lookup api.shop.onion: no such host{}", reached, advice));
    auto const label = std::string(64, 'a');
    kubeconfig(fmt::format("https://{}.example:6443", label));
    expect_unreachable(check(), fmt::format("{0}connect {1}.example:6443: lookup {1}.example: not a valid host name{2}",
                                            reached, label, advice));
}

TEST_F(CommandLineReaching, NoNameServer) {
    kubeconfig("https://api.shop.example:6443");
    write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    auto const ran = shell(
        "exec unshare --map-root-user --mount sh -c 'mount --bind resolv.conf /etc/resolv.conf && exec \"$VEDETTE\" "
        "check --kubeconfig config -o json'");
    if (ran.err.find("unshare") != std::string::npos || ran.err.find("mount") != std::string::npos) {
        GTEST_SKIP() << "no mount namespaces here: " << ran.err;
    }
    auto const message = message_of(document_of(ran), "apiserver-livez");
    expect_unreachable(ran, message);
    EXPECT_THAT(message, HasSubstr("lookup api.shop.example: "));
    EXPECT_THAT(message, HasSubstr("check the server's name in the kubeconfig, and this machine's DNS"));
}

TEST_F(CommandLineReaching, AProxyThatRefuses) {
    Peer proxy(sockets_, nullptr, {.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"});
    Serving const serving(sockets_, proxy.serve());
    auto const url = fmt::format("http://ann:pass-4f1dc0ffee@127.0.0.1:{}", proxy.port());
    auto const cause = fmt::format("{}proxy 127.0.0.1:{} refused to connect to api.example:6443: 403 Forbidden{}",
                                   reached, proxy.port(), proxy_advice);
    kubeconfig("https://api.example:6443", fmt::format("proxy-url: '{}'", url));
    expect_unreachable(check(), cause);

    kubeconfig("https://api.example:6443");
    auto const ran = check({{"HTTPS_PROXY", url}});
    expect_unreachable(ran, cause);
    // The certificate is asked for by the same way.
    EXPECT_THAT(message_of(document_of(ran), "apiserver-cert"), HasSubstr("403 Forbidden"));
}

TEST_F(CommandLineReaching, AProxyThatIsNotThereOrNoProxy) {
    auto const port = closed_port();
    kubeconfig("https://api.example:6443", fmt::format("proxy-url: 'http://127.0.0.1:{}'", port));
    expect_unreachable(check(),
                       fmt::format("{}proxy: connect 127.0.0.1:{}: connection refused{}", reached, port, proxy_advice));
    Peer mail(sockets_, nullptr, {.greeting = "220 mail.example ESMTP\r\n"});
    Serving const serving(sockets_, mail.serve());
    kubeconfig("https://api.example:6443", fmt::format("proxy-url: 'http://127.0.0.1:{}'", mail.port()));
    expect_unreachable(check(), fmt::format("{}proxy CONNECT with proxy 127.0.0.1:{}: the peer does not speak HTTP{}",
                                            reached, mail.port(), proxy_advice));
}

TEST_F(CommandLineReaching, ACredentialPluginThatFailsIsNoLackOfRights) {
    kubeconfig(fmt::format("https://127.0.0.1:{}", closed_port()), "",
               "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, interactiveMode: Never, "
               "args: ['-c', 'echo \"login expired, token: token-4f1dc0ffee\" >&2; exit 3']}");
    auto const ran = check();
    expect_unreachable(ran, fmt::format("{}credential plugin sh: failed with exit code 3: login expired, token: "
                                        "[redacted]; renew the credentials in the kubeconfig",
                                        reached));
    EXPECT_THAT(ran.out, Not(HasSubstr("no permission")));
}

}  // namespace
}  // namespace vedette::cli
