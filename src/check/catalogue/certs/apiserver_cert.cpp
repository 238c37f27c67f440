// apiserver-cert: how long the certificate that the API server shows is still valid.
//
// The chain is read and not verified: one that nobody trusts is still one to read, and trust is apiserver-livez's
// business. The way to it is every other request's: through the proxy of the kubeconfig or of the environment.

#include "base/duration.hpp"
#include "base/time_format.hpp"
#include "check/catalogue/certs/certs.hpp"
#include "check/catalogue/certs/expiry.hpp"
#include "check/objects/meta.hpp"
#include "kube/http_api.hpp"
#include "net/http_connect.hpp"

#include <fmt/format.h>

#include <deque>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"warning", ParamKind::duration, "\"21d\"", "a certificate that ends sooner", 0},
    {"critical", ParamKind::duration, "\"7d\"", "a certificate that ends sooner", 0},
};

constexpr std::size_t proxy_header_limit = 64 * 1024;  // bytes of what a proxy says before it connects us

boost::json::object described(net::Certificate const& certificate) {
    boost::json::array names;
    for (auto const& name : certificate.names) names.emplace_back(name);
    return {{"subject", certificate.subject},
            {"issuer", certificate.issuer},
            {"not_before", format_rfc3339(certificate.not_before)},
            {"not_after", format_rfc3339(certificate.not_after)},
            {"names", std::move(names)}};
}

Outcome judge_chain(std::vector<net::Certificate> const& chain, std::string const& endpoint, ExpiryLimits limits,
                    WallTime now) {
    Findings findings(20);
    std::deque<std::string> subjects;  // the findings refer to them
    for (std::size_t i = 0; i < chain.size(); ++i) {
        auto const& certificate = chain[i];
        auto const status = judge_expiry(certificate.not_before, certificate.not_after, now, limits);
        if (status == Status::ok) continue;
        Finding finding{
            .kind = "Certificate", .name = subjects.emplace_back(clip(certificate.subject)), .status = status};
        finding.reason = now >= certificate.not_after   ? "Expired"
                         : now < certificate.not_before ? "NotYetValid"
                                                        : "Expires";
        finding.message = [&] {
            return fmt::format("{} {} {}", i == 0 ? "of" : "in the chain of", endpoint,
                               describe_expiry(certificate.not_before, certificate.not_after, now));
        };
        findings.add(finding);
    }
    auto const& leaf = chain.front();
    auto outcome = std::move(findings).conclude(
        static_cast<std::int64_t>(chain.size()),
        fmt::format("the certificate of {} {}", endpoint, describe_expiry(leaf.not_before, leaf.not_after, now)), now);
    auto const left = std::chrono::duration<double>(leaf.not_after - now);
    outcome.measurements = {{"certificate_left_seconds", left.count()}};
    boost::json::array all;
    for (auto const& certificate : chain) all.push_back(described(certificate));
    outcome.details["chain"] = std::move(all);
    return outcome;
}

Task<std::vector<net::Certificate>> read_chain(ProbeContext& context, net::Url server, Deadline deadline) {
    auto proxy = kube::proxy_for(*context.target, server, context.environment);
    if (!proxy) co_return pass(proxy);
    net::TlsOptions tls{.server_name = context.target->tls_server_name, .verify = false, .resume = false};
    if (tls.server_name.empty()) tls.server_name = server.host;
    net::Origin const origin{.endpoint = {server.host, server.port}, .tls = std::move(tls), .proxy = std::move(*proxy)};
    auto const connection =
        co_await net::open_connection(context.dialer, context.tls, origin, proxy_header_limit, deadline);
    if (!connection) co_return std::unexpected(connection.error());
    co_return *(*connection)->peer_chain;
}

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    if (!context.target) co_return Outcome::unknown("no cluster to ask", "NoCluster");
    auto url = net::parse_url(context.target->server);
    if (!url) co_return Outcome::unknown(fmt::format("the server's address: {}", url.error().text()), "BadAddress");
    if (url->scheme != "https") co_return Outcome::skipped("the API server is not served over TLS", "NoTls");
    net::Endpoint const endpoint{url->host, url->port};
    auto const chain = co_await read_chain(context, *url, deadline);
    if (!chain) {
        if (chain.error().code() == Errc::timed_out) co_return Outcome::timeout(clip(chain.error().text(), 400));
        co_return Outcome::unknown(fmt::format("could not read the certificate: {}", clip(chain.error().text(), 400)),
                                   "Unreachable");
    }
    if (chain->empty()) co_return Outcome::unknown("the API server showed no certificate", "NoCertificate");
    ExpiryLimits const limits{params.duration("warning"), params.duration("critical")};
    auto outcome = judge_chain(*chain, to_string(endpoint), limits, context.clock.wall());
    outcome.thresholds = {{"certificate_left", boost::json::string(params.text("warning")),
                           boost::json::string(params.text("critical"))}};
    co_return outcome;
}

}  // namespace

CheckType const apiserver_cert{
    .name = "apiserver-cert",
    .group = "certs",
    .summary = "The certificate chain that the API server shows is valid for long enough",
    .explain =
        "When it ends, nobody can talk to the cluster, kubelets included. Certificates that live less than 60 days "
        "are judged by a quarter and a tenth of their life instead. Trust is not judged here: apiserver-livez does "
        "that.",
    .critical = "a certificate of the chain has expired, is not valid yet, or ends within `critical`",
    .warning = "a certificate of the chain ends within `warning`",
    .unknown = "the certificate could not be read: the server cannot be reached or does not speak TLS",
    .skipped = "the API server is not served over TLS",
    .causes =
        "kubeadm renews certificates on upgrade only: a cluster that is never upgraded runs out after a year\n"
        "it was renewed on disk, and the API server was not restarted to show it\n"
        "a load balancer or proxy in front shows a certificate of its own\n"
        "the clock here is wrong",
    .next =
        "openssl s_client -connect HOST:6443 </dev/null | openssl x509 -noout -dates -subject\n"
        "kubeadm certs check-expiration  # on a control-plane node\n"
        "kubeadm certs renew all  # on each control-plane node; then restart its static pods",
    .companions = "apiserver-livez own-credentials",
    .with = with,
    .probe = probe,
    .cluster_scoped = true,
};

}  // namespace vedette::check
