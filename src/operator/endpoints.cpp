// Two servers, so that metrics can be closed off while the kubelet still probes. A reactor that is stuck answers no
// probe at all, which the kubelet takes for a failure too; the parts of /healthz are about what a running reactor can
// still get wrong.

#include "operator/endpoints.hpp"

#include "base/task_group.hpp"
#include "net/text.hpp"
#include "operator/scrape_access.hpp"
#include "operator/serving_certificate.hpp"
#include "telemetry/exposition.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

constexpr net::HttpServerOptions small_requests{
    .header_limit = 32 * 1024, .body_limit = 64 * 1024, .connections = 512, .header_timeout = 30s};
constexpr auto review_time = 10s;

net::HttpResponse text_answer(int status, std::string text) {
    net::HttpResponse response;
    response.status = status;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Cache-Control", "no-store");
    response.body = net::make_body(std::move(text));
    return response;
}

// Nothing when the request may go on.
std::optional<net::HttpResponse> refuse_method(net::ServerRequest const& request) {
    if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
    auto response = text_answer(405, "only GET and HEAD\n");
    response.headers.add("Allow", "GET, HEAD");
    return response;
}

bool asks_for(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        auto const ampersand = query.find('&');
        auto const part = query.substr(0, ampersand);
        if (part.substr(0, part.find('=')) == name) return true;
        query.remove_prefix(ampersand == std::string_view::npos ? query.size() : ampersand + 1);
    }
    return false;
}

struct Target {
    std::string path;
    std::string query;
};
Target split(std::string const& target) {
    auto const mark = target.find('?');
    if (mark == std::string::npos) return {target, {}};
    return {target.substr(0, mark), target.substr(mark + 1)};
}

std::string host_of(std::string_view text) {
    if (text == "localhost") return "127.0.0.1";
    return std::string(text);
}

}  // namespace

HealthAnswer health_answer(std::string_view name, std::vector<HealthPart> const& parts, bool verbose) {
    HealthAnswer answer;
    std::string list;
    std::string sentences;
    for (auto const& part : parts) {
        auto const health = part.ask();
        if (health.ok) {
            auto const but = health.why.empty() ? "" : fmt::format(", but {}", health.why);
            list += fmt::format("[+]{} ok{}\n", part.name, but);
        } else {
            list += fmt::format("[-]{} failed: {}\n", part.name, health.why);
            sentences += fmt::format("{}: {}\n", part.name, health.why);
            answer.status = 500;
        }
    }
    bool const ok = answer.status == 200;
    if (verbose) {
        answer.text = fmt::format("{}{} check {}\n", list, name, ok ? "passed" : "failed");
    } else {
        answer.text = ok ? "ok" : sentences;
    }
    return answer;
}

Result<std::optional<net::Endpoint>> parse_bind_address(std::string_view text) {
    if (text.empty() || text == "0") return std::nullopt;
    auto const wrong = [&](std::string_view what) {
        return fail(Errc::invalid_input,
                    "\"{}\" is no address to listen on: {}; write :8080, 127.0.0.1:8080 or "
                    "[::1]:8080, or 0 for none",
                    text, what);
    };
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong("it has no port");
    auto const port_text = text.substr(colon + 1);
    auto const port = port_text == "0" ? std::optional<std::uint16_t>(0) : net::parse_port(port_text);
    if (!port) return wrong("its port is not a number from 0 to 65535");
    auto host = text.substr(0, colon);
    bool const bracketed = host.starts_with('[') && host.ends_with(']') && host.size() >= 2;
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!bracketed && host.contains(':')) return wrong("an IPv6 address stands in brackets");
    net::Endpoint at{host_of(host), *port};
    if (at.host.empty() && !bracketed) return at;
    auto const address = net::parse_address(at.host);
    if (!address) return wrong("its host is not an IP address");
    if (bracketed != address->is_v6()) return wrong("brackets are for IPv6 addresses");
    return at;
}

Result<std::unique_ptr<net::Listener>> listen_on(asio::any_io_executor executor, Clock& clock, net::Endpoint at) {
    if (!at.host.empty()) return net::listen_tcp(executor, clock, std::move(at));
    auto both = net::listen_tcp(executor, clock, {"::", at.port});
    if (both) return both;
    auto old = net::listen_tcp(executor, clock, {"0.0.0.0", at.port});
    return old ? std::move(old) : std::move(both);
}

struct Endpoints::State {
    explicit State(EndpointsDoors d) : doors(std::move(d)), ended(doors.executor, "an endpoint's listener") {}

    EndpointsDoors doors;
    std::vector<HealthPart> healthz;
    std::vector<HealthPart> readyz;
    std::unique_ptr<ServingCertificate> certificate;
    std::optional<ScrapeAccess> access;
    metrics::CollectHook certificate_hook;
    std::unique_ptr<net::HttpServer> probes;
    std::unique_ptr<net::HttpServer> metrics;
    Event ended;

    Result<std::unique_ptr<net::Listener>> bind(std::string_view flag, std::string_view address) const;
    Result<void> open_probes(std::string const& address);
    Result<void> open_metrics(EndpointsOptions const& options);
    void count_certificates();
    Task<net::HttpResponse> answer_probe(net::ServerRequest request);
    Task<net::HttpResponse> answer_scrape(net::ServerRequest request);
    Async<void> run(net::HttpServer& server);
    bool broken() const;
    Async<void> wait_for_the_end();
};

// Null when the address switches the server off.
Result<std::unique_ptr<net::Listener>> Endpoints::State::bind(std::string_view flag, std::string_view address) const {
    auto const at = parse_bind_address(address);
    if (!at) return fail(at.error().code(), "{}: {}", flag, at.error().text());
    if (!*at) return nullptr;
    auto listener = doors.listen(**at);
    if (!listener) return pass(listener, fmt::format("{} {}", flag, address));
    return listener;
}

Result<void> Endpoints::State::open_probes(std::string const& address) {
    auto listener = bind("--health-probe-bind-address", address);
    if (!listener) return pass(listener);
    if (!*listener) return {};
    probes = net::make_http_server(
        doors.executor, doors.clock, std::move(*listener), nullptr,
        [this](net::ServerRequest request) { return answer_probe(std::move(request)); }, small_requests);
    return {};
}

Result<void> Endpoints::State::open_metrics(EndpointsOptions const& options) {
    auto address = options.metrics_address;
    if (address.empty()) address = options.metrics_secure ? ":8443" : ":8080";
    auto listener = bind("--metrics-bind-address", address);
    if (!listener) return pass(listener);
    if (!*listener) return {};
    if (options.metrics_secure) {
        auto made = ServingCertificate::open(doors.clock, doors.files, options.metrics_certificate_path, doors.warn);
        if (!made) return pass(made, "--metrics-cert-path");
        certificate = std::move(*made);
        access.emplace(doors.client, doors.clock, doors.warn);
    }
    metrics = net::make_http_server(
        doors.executor, doors.clock, std::move(*listener), certificate.get(),
        [this](net::ServerRequest request) { return answer_scrape(std::move(request)); }, small_requests);
    return {};
}

// As controller-runtime has them: zeros where no certificate is read.
void Endpoints::State::count_certificates() {
    auto& reads = doors.registry
                      .declare<vedette::metrics::Counter>(
                          {"certwatcher_read_certificate_total", "Times that a certificate was read from its files."})
                      .only();
    auto& failed = doors.registry
                       .declare<vedette::metrics::Counter>({"certwatcher_read_certificate_errors_total",
                                                            "Times that it could not be read or not be used."})
                       .only();
    certificate_hook = doors.registry.on_collect([this, &reads, &failed] {
        if (!certificate) return;
        reads.raise_to(static_cast<double>(certificate->reads()));
        failed.raise_to(static_cast<double>(certificate->failed_reads()));
    });
}

Task<net::HttpResponse> Endpoints::State::answer_probe(net::ServerRequest request) {
    auto const [path, query] = split(request.target);
    bool const alive = path == "/healthz";
    if (!alive && path != "/readyz") co_return text_answer(404, "/healthz or /readyz\n");
    if (auto refused = refuse_method(request)) co_return std::move(*refused);
    auto const answer =
        health_answer(alive ? "healthz" : "readyz", alive ? healthz : readyz, asks_for(query, "verbose"));
    co_return text_answer(answer.status, answer.text);
}

Task<net::HttpResponse> Endpoints::State::answer_scrape(net::ServerRequest request) {
    if (access) {
        auto authorization = request.headers.get("Authorization").value_or("");
        auto const verdict = co_await access->judge(std::move(authorization), doors.clock.now() + review_time);
        if (verdict.status != 200) {
            auto response = text_answer(verdict.status, verdict.sentence + "\n");
            if (verdict.status == 401) response.headers.add("WWW-Authenticate", "Bearer");
            co_return response;
        }
    }
    if (split(request.target).path != "/metrics") co_return text_answer(404, "/metrics\n");
    if (auto refused = refuse_method(request)) co_return std::move(*refused);
    net::HttpResponse response;
    response.status = 200;
    response.headers.add("Content-Type", telemetry::prometheus_content_type);
    response.body = telemetry::exposition_body(doors.registry);
    co_return response;
}

Async<void> Endpoints::State::run(net::HttpServer& server) {
    co_await server.serve();
    ended.notify();
}

bool Endpoints::State::broken() const {
    return (probes && probes->failure()) || (metrics && metrics->failure());
}

Async<void> Endpoints::State::wait_for_the_end() {
    while (!broken()) co_await ended.wait();
}

Endpoints::Endpoints(std::unique_ptr<State> state) : state_(std::move(state)) {}
Endpoints::~Endpoints() = default;

Result<std::unique_ptr<Endpoints>> Endpoints::open(EndpointsDoors doors, EndpointsOptions options) {
    auto state = std::make_unique<State>(std::move(doors));
    state->healthz = std::move(options.healthz);
    state->readyz = std::move(options.readyz);
    state->count_certificates();
    if (auto opened = state->open_probes(options.probe_address); !opened) return pass(opened);
    if (auto opened = state->open_metrics(options); !opened) return pass(opened);
    return std::unique_ptr<Endpoints>(new Endpoints(std::move(state)));
}

std::optional<net::Endpoint> Endpoints::probes() const {
    return state_->probes ? std::optional(state_->probes->local()) : std::nullopt;
}

std::optional<net::Endpoint> Endpoints::metrics() const {
    return state_->metrics ? std::optional(state_->metrics->local()) : std::nullopt;
}

Task<void> Endpoints::serve() {
    TaskGroup serving(state_->doors.executor);
    if (state_->probes) serving.spawn(state_->run(*state_->probes));
    if (state_->metrics) serving.spawn(state_->run(*state_->metrics));
    auto end = state_->wait_for_the_end();
    co_await serving.stop_after(std::move(end));
    auto const& broken = state_->probes && state_->probes->failure() ? state_->probes : state_->metrics;
    co_return std::unexpected(*broken->failure());
}

}  // namespace vedette::op
