// API servers that hang, break off or never end. Deadlines are short, and nothing is asserted on real time: a run that
// did not end would fail in CommandLine::run().

#include "integration/command_line/peer.hpp"
#include "integration/command_line/program.hpp"

namespace vedette::cli {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using Then = Manners::Then;

constexpr char reached[] = "the API server cannot be reached: ";
constexpr char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::size_t endless = std::size_t{1} << 50;

std::string chunk(std::string const& text) {
    return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

class CommandLineBrokenAnswers : public CommandLine {
protected:
    Ran check(Peer& peer, std::vector<std::string> more = {}, std::string const& format = "json") {
        Serving const serving(sockets_, peer.serve());
        kubeconfig(peer.url(), "certificate-authority: ca.crt");
        std::vector<std::string> arguments{"check", "--kubeconfig", "config", "-o", format};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return vedette(std::move(arguments));
    }
    /// Every check of a run against a server that never finishes an answer.
    void expect_silence_named(Ran const& ran) {
        EXPECT_EQ(ran.code, 1);
        auto const document = document_of(ran);
        EXPECT_EQ(status_of(document, "apiserver-livez"), "critical");
        EXPECT_THAT(message_of(document, "apiserver-livez"),
                    MatchesRegex("the API server cannot be reached: no answer from .* within the deadline .*; check "
                                 "the way there .VPN, firewall, load balancer., then the API server"));
        EXPECT_EQ(status_of(document, "pods-oom"), "timeout");
        EXPECT_THAT(message_of(document, "pods-oom"), StartsWith("timed out after 1s"));
    }
    std::unique_ptr<net::TlsServer> tls_ = tls_server(identity());
};

TEST_F(CommandLineBrokenAnswers, AcceptsAndNeverAnswers) {
    Peer peer(sockets_, tls_.get(), {.then = Then::silence});
    expect_silence_named(check(peer, {"-t", "1"}));
    Peer not_even_tls(sockets_, nullptr, {.then = Then::silence});
    Serving const serving(sockets_, not_even_tls.serve());
    kubeconfig(fmt::format("https://127.0.0.1:{}", not_even_tls.port()));
    expect_silence_named(vedette({"check", "--kubeconfig", "config", "-o", "json", "-t", "1"}));
}

TEST_F(CommandLineBrokenAnswers, SaysHalfAnAnswerAndThenNothing) {
    Peer peer(sockets_, tls_.get(),
              {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{", .then = Then::silence});
    expect_silence_named(check(peer, {"-t", "1"}));
}

TEST_F(CommandLineBrokenAnswers, TheDeadlineOfTheRunLeavesAWholeDocumentInEveryFormat) {
    Peer peer(sockets_, tls_.get(), {.then = Then::silence});
    auto const document = document_of(check(peer, {"--deadline", "300ms"}));
    EXPECT_EQ(message_of(document, "apiserver-livez"), "not finished: interrupted");
    EXPECT_FALSE(document.at("healthy").as_bool());
    for (auto const& [format, end] : std::vector<std::pair<std::string, std::string>>{
             {"table", "every detail.\n"}, {"junit", "</testsuites>\n"}, {"prometheus", "\n"}, {"records", "}}\n"}}) {
        auto const ran = check(peer, {"--deadline", "300ms"}, format);
        EXPECT_EQ(ran.code, 1) << format;
        EXPECT_THAT(ran.out, EndsWith(end)) << format;
    }
}

TEST_F(CommandLineBrokenAnswers, CutsTheBody) {
    Peer peer(sockets_, tls_.get(), {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"kind\":"});
    auto const ran = check(peer);
    expect_unreachable(ran, fmt::format("{}body from 127.0.0.1:{}: the peer closed after 8 of 1000 bytes; check the "
                                        "API server, and what stands in front of it (proxy, load balancer)",
                                        reached, peer.port()));
}

TEST_F(CommandLineBrokenAnswers, ClosesWithoutAnAnswer) {
    Peer peer(sockets_, tls_.get(), {});
    auto const ran = check(peer);
    expect_unreachable(ran, AllOf(StartsWith(reached), HasSubstr("the peer closed without an answer"),
                                  EndsWith("; check the API server, and what stands in front of it (proxy, load "
                                           "balancer)")));
}

TEST_F(CommandLineBrokenAnswers, AHeaderWithoutEnd) {
    Peer peer(sockets_, tls_.get(),
              {.answer = "HTTP/1.1 200 OK\r\n", .refrain = "X-More: and more and more\r\n", .refrain_bytes = endless});
    auto const ran = check(peer);
    expect_unreachable(ran, AllOf(StartsWith(reached), HasSubstr("a header of more than 65536 bytes"),
                                  EndsWith("; check that the kubeconfig names an API server and not some other "
                                           "one")));
}

TEST_F(CommandLineBrokenAnswers, AHundredMegabytes) {
    constexpr std::size_t size = 100u << 20;
    Peer peer(sockets_, tls_.get(),
              {.answer = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", size),
               .refrain = std::string(1u << 16, 'x'),
               .refrain_bytes = size});
    auto const ran = check(peer);
    expect_unreachable(ran, fmt::format("{}a body of more than 1048576 bytes; check that the kubeconfig names an API "
                                        "server and not some other one",
                                        reached));
    EXPECT_THAT(message_of(document_of(ran), "pods-oom"), HasSubstr("is not JSON: not a Kubernetes API server?"));
    // Three probes read a megabyte each; nobody reads to the end.
    EXPECT_LT(peer.sent(), size);
}

TEST_F(CommandLineBrokenAnswers, AStreamOfBlanksWithoutEnd) {
    Peer peer(sockets_, tls_.get(),
              {.answer = chunked, .refrain = chunk(std::string(1u << 12, ' ')), .refrain_bytes = endless});
    auto const ran = check(peer, {"-t", "1"});
    EXPECT_EQ(ran.code, 1);
    auto const document = document_of(ran);
    EXPECT_EQ(status_of(document, "apiserver-livez"), "critical");
    // Its bound or its deadline, whichever this machine meets first.
    EXPECT_THAT(status_of(document, "pods-oom"), testing::AnyOf("timeout", "unknown"));
}

TEST_F(CommandLineBrokenAnswers, AListWithoutEnd) {
    std::string items;
    for (int i = 0; i < 1000; ++i) items += R"({"metadata":{"name":"a","namespace":"b"}},)";
    Peer peer(
        sockets_, tls_.get(),
        {.answer = chunked + chunk(R"({"kind":"List","items":[)"), .refrain = chunk(items), .refrain_bytes = endless});
    auto const ran = check(peer, {"-t", "1"});
    EXPECT_EQ(ran.code, 1);
    auto const document = document_of(ran);
    EXPECT_EQ(status_of(document, "apiserver-livez"), "critical");
    EXPECT_THAT(status_of(document, "pods-oom"), testing::AnyOf("timeout", "unknown"));
}

}  // namespace
}  // namespace vedette::cli
