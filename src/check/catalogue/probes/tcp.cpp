// tcp: somebody accepts connections on host:port and, where asked for, says what is expected, inside TLS or not.

#include "base/redact.hpp"
#include "check/catalogue/probes/printable.hpp"
#include "check/catalogue/probes/probes.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

namespace vedette::check {

double milliseconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

namespace {

constexpr std::size_t answer_limit = 64 * 1024;

constexpr ParamSpec with[] = {
    {"host", ParamKind::text, "", "name or address"},
    {"port", ParamKind::integer, "", "port", 1, 65535},
    {"tls", ParamKind::flag, "false", "shake hands first, and verify the certificate"},
    {"server_name", ParamKind::text, "\"\"", "name to verify instead of the host"},
    {"ca", ParamKind::text, "\"\"", "PEM text of the authorities to trust instead of the system's"},
    {"insecure", ParamKind::flag, "false", "accept any certificate"},
    {"send", ParamKind::text, "\"\"", "text to send"},
    {"expect", ParamKind::text, "\"\"", "RE2 expression that the first 64 KiB of the answer must contain"},
    {"warning", ParamKind::duration, "\"1s\"", "slower connections are a warning", 0},
};

struct Talk {
    std::string peer;
    Duration connecting{};
    std::string answer;
    bool as_expected = true;
};

Task<std::unique_ptr<net::Stream>> open(ProbeContext& context, Params const& params, net::Endpoint endpoint,
                                        Deadline deadline) {
    auto const name = to_string(endpoint);
    auto stream = co_await context.dialer.connect(endpoint, deadline);
    if (!stream || !params.flag("tls")) co_return stream;
    net::TlsOptions options{.server_name = params.text("server_name")};
    if (options.server_name.empty()) options.server_name = endpoint.host;
    options.verify = !params.flag("insecure");
    options.ca_pem = params.text("ca");
    auto session = co_await context.tls.connect(std::move(*stream), std::move(options), deadline);
    if (!session) co_return pass(session, fmt::format("TLS handshake with {}", name));
    co_return std::move(*session);
}

// Reads until the expression is found, the peer is done, or enough was said.
Task<bool> hear(net::Stream& stream, std::string& answer, re2::RE2 const& expected, Deadline deadline) {
    std::string piece(4096, '\0');
    while (answer.size() < answer_limit) {
        auto const count = co_await stream.read(piece, deadline);
        if (!count) co_return std::unexpected(count.error());
        if (*count == 0) break;
        answer.append(piece, 0, std::min(*count, answer_limit - answer.size()));
        if (re2::RE2::PartialMatch(answer, expected)) co_return true;
    }
    co_return false;
}

std::string heard(std::string const& answer) {
    return answer.empty() ? "nothing" : fmt::format("\"{}\"", redact(printable(answer, 200)));
}

Task<Talk> talk(ProbeContext& context, Params const& params, net::Endpoint const& endpoint, Deadline deadline) {
    auto const began = context.clock.now();
    auto stream = co_await open(context, params, endpoint, deadline);
    if (!stream) co_return pass(stream);
    Talk talk{.peer = (*stream)->peer(), .connecting = context.clock.now() - began};
    if (auto const text = params.text("send"); !text.empty()) {
        auto const sent = co_await (*stream)->write(text, deadline);
        if (!sent) co_return fail(sent.error().code(), "send to {}: {}", to_string(endpoint), sent.error().text());
    }
    auto const expression = params.text("expect");
    if (expression.empty()) co_return talk;
    re2::RE2 const expected(expression, re2::RE2::Quiet);
    auto found = co_await hear(**stream, talk.answer, expected, deadline);
    if (!found) {
        co_return fail(found.error().code(), "{} said {}: {}", to_string(endpoint), heard(talk.answer),
                       found.error().text());
    }
    talk.as_expected = *found;
    co_return talk;
}

Outcome judge_failure(Error const& error) {
    auto text = redact(error.text());
    if (error.code() == Errc::timed_out) return Outcome::timeout(std::move(text));
    if (error.code() == Errc::invalid_input) return Outcome::unknown(std::move(text), "InvalidParameter");
    auto failed = Outcome::critical(std::move(text), "ConnectFailed");
    failed.checked = failed.failed = 1;
    return failed;
}

Outcome judge_talk(Talk const& talk, std::string const& name, Params const& params) {
    auto message = fmt::format("{} accepts connections ({:.1f} ms)", name, milliseconds(talk.connecting));
    if (!talk.as_expected) {
        return Outcome::critical(
            fmt::format("{} said {}, which does not match {}", name, heard(talk.answer), params.text("expect")),
            "UnexpectedAnswer");
    }
    if (talk.connecting > params.duration("warning")) return Outcome::warning(std::move(message), "Slow");
    return Outcome::ok(std::move(message));
}

std::string bad_parameter(Params const& params) {
    re2::RE2 const expression(params.text("expect"), re2::RE2::Quiet);
    return expression.ok() ? "" : fmt::format("expect is not an RE2 expression: {}", expression.error());
}

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    if (auto bad = bad_parameter(params); !bad.empty()) co_return Outcome::unknown(std::move(bad), "InvalidParameter");
    net::Endpoint const endpoint{params.text("host"), static_cast<std::uint16_t>(params.integer("port"))};
    auto const talked = co_await talk(context, params, endpoint, deadline);
    if (!talked) co_return judge_failure(talked.error());
    auto outcome = judge_talk(*talked, to_string(endpoint), params);
    outcome.checked = 1;
    outcome.failed = outcome.status == Status::ok ? 0 : 1;
    outcome.measurements = {{"connect_ms", milliseconds(talked->connecting)}};
    outcome.thresholds = {{"connect", boost::json::string(params.text("warning")), nullptr}};
    outcome.details["address"] = talked->peer;
    co_return outcome;
}

}  // namespace

CheckType const tcp{
    .name = "tcp",
    .group = "probes",
    .summary = "A TCP port accepts connections, and says what it should",
    .explain =
        "Connects to host:port, shakes hands where tls is set, sends, reads until the expectation is met, and closes. "
        "A "
        "refused connection, an unreachable network and a silent firewall are told apart in the message. Expressions "
        "are RE2's.",
    .critical = "the connection or the TLS handshake fails, or the answer is not what `expect` says",
    .warning = "connecting takes longer than `warning`",
    .unknown = "a parameter cannot be used: no RE2 expression, no PEM text",
    .causes =
        "connection refused: nothing listens there, or the Service has no ready endpoint\n"
        "timed out: a firewall drops the packets, or a NetworkPolicy does\n"
        "no such host: the name is wrong, or name servers fail",
    .next =
        "nc -vz HOST PORT  # the same connection\n"
        "kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE  # who should answer\n"
        "kubectl get networkpolicies -n NAMESPACE  # who may talk to whom",
    .companions = "dns http service-endpoints",
    .timeout = std::chrono::seconds(5),
    .with = with,
    .probe = probe,
    .bad_parameter = bad_parameter,
    .built_in = false,
    .needs_cluster = false,
};

}  // namespace vedette::check
