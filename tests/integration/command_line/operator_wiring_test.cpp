// vedette operator as it is started: a real process before an API server behind HTTPS. What each part does is tested
// in tests/operator; here, that the flags reach those parts.

#include "base/json.hpp"
#include "integration/command_line/peer.hpp"
#include "integration/command_line/program.hpp"
#include "net/http_client.hpp"
#include "operator/rbac.hpp"
#include "operator/views.hpp"

#include <fmt/ranges.h>

#include <csignal>
#include <fstream>
#include <sstream>

namespace vedette::cli {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr auto patience = 60s;

std::string const role_path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/hello-sa-cluster-role";

struct Answer {
    int status = 0;
    std::string body;
};

class CommandLineOperatorWiring : public CommandLine {
protected:
    CommandLineOperatorWiring() {
        server_.add_kind({.resource = op::health_check_resource(), .singular = "healthcheck"});
        server_.add_kind({.resource = op::workflow_resource(), .singular = "workflow", .status_subresource = false});
        auto front = sim::HttpsFront::open(sockets_.executor(), sockets_.clock(), server_, keys_, {"127.0.0.1", 0});
        if (!front) throw std::runtime_error(front.error().text());
        front_ = std::move(*front);
        serving_ = std::make_unique<Serving>(sockets_, front_->serve());
        write("operator.config", sim::kubeconfig_for(front_->local(), keys_, "good"));
    }

    void start(std::vector<std::string> flags) {
        Command command{.argv = {"bash", "-c", "echo $$ >pid; exec \"$VEDETTE\" operator \"$@\" 2>log", "operator"},
                        .env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"VEDETTE", VEDETTE_PROGRAM}},
                        .inherit_env = false,
                        .directory = folder_};
        for (auto const* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"}) {
            if (auto const* value = std::getenv(name)) command.env.emplace_back(name, value);
        }
        for (auto const* flag : {"--kubeconfig=operator.config", "--namespace=health",
                                 "--metrics-bind-address=127.0.0.1:0", "--health-probe-bind-address=127.0.0.1:0"}) {
            command.argv.emplace_back(flag);
        }
        command.argv.insert(command.argv.end(), flags.begin(), flags.end());
        running_ = std::make_unique<Serving>(sockets_, play(std::move(command)));
    }

    // By SIGTERM, as in a pod.
    void stop() {
        pid_t pid = 0;
        std::ifstream(folder_ / "pid") >> pid;
        ASSERT_GT(pid, 0);
        if (!code_) ::kill(pid, SIGTERM);
        EXPECT_TRUE(eventually([this] { return code_.has_value(); })) << log();
        EXPECT_EQ(code_, 0) << log();
        EXPECT_THAT(log(), Not(HasSubstr("PRIVATE KEY")));
        running_.reset();
        code_.reset();
    }

    bool eventually(std::function<bool()> const& holds) {
        auto const until = sockets_.clock().now() + patience;
        while (!holds()) {
            if (sockets_.clock().now() >= until) return false;
            sockets_.run(sockets_.clock().sleep_for(20ms, "the operator"));
        }
        return true;
    }
    bool logs(std::string const& words) {
        return eventually([&] { return log().find(words) != std::string::npos; });
    }

    std::string log() const {
        std::ifstream file(folder_ / "log");
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }

    // "/metrics at http://127.0.0.1:40123"
    std::uint16_t metrics_port() {
        EXPECT_TRUE(logs("/metrics at http")) << log();
        auto const text = log();
        auto const at = text.find("127.0.0.1:", text.find("/metrics at http"));
        return at == std::string::npos ? 0 : static_cast<std::uint16_t>(std::stoi(text.substr(at + 10)));
    }
    Answer metrics(std::optional<net::TlsOptions> trust = {}) {
        net::Origin origin{.endpoint = {"127.0.0.1", metrics_port()}, .tls = std::move(trust)};
        auto answer = sockets_.run(http_->send(std::move(origin), {.target = "/metrics"}, sockets_.soon()));
        if (!answer) return {0, answer.error().text()};
        auto body = sockets_.run(net::read_all(std::move(answer->body), 4u << 20, sockets_.soon()));
        return {answer->status, body.value_or("")};
    }

    json::object get(std::string path) {
        auto answer = sockets_.run(server_.send({.method = "GET", .path = std::move(path)}, sockets_.soon()));
        if (!answer || answer->status != 200) return {};
        auto const body = sockets_.run(net::read_all(std::move(answer->body), 4u << 20, sockets_.soon()));
        auto const object = parse_json(body.value_or("{}"), "object");
        return object && object->is_object() ? object->get_object() : json::object{};
    }
    bool exists(std::string const& path) {
        return eventually([&] { return !get(path).empty(); });
    }

    void put_check(std::string_view name, json::object spec) {
        spec["repeatAfterSec"] = 3600;
        server_.put({{"apiVersion", op::api_version},
                     {"kind", "HealthCheck"},
                     {"metadata", {{"namespace", "health"}, {"name", name}}},
                     {"spec", std::move(spec)}});
    }
    void put_hello(std::string_view name = "hello") {
        put_check(name, {{"level", "cluster"},
                         {"workflow",
                          {{"generateName", fmt::format("{}-", name)},
                           {"resource",
                            {{"namespace", "health"},
                             {"serviceAccount", "hello-sa"},
                             {"source", {{"inline", "spec: {entrypoint: hello}"}}}}}}}});
    }
    // A check without a Workflow, of a listener of ours.
    void put_probe(std::uint16_t port) {
        json::array const checks{
            {{"type", "tcp"}, {"name", "door"}, {"with", {{"host", "127.0.0.1"}, {"port", port}}}}};
        put_check("probe", {{"level", "namespace"}, {"checks", checks}});
    }

    // One that fails, for nothing listens there, and has a remedy.
    void put_ill(std::string_view name) {
        json::array const checks{{{"type", "tcp"}, {"name", "door"}, {"with", {{"host", "127.0.0.1"}, {"port", 1}}}}};
        json::object const remedy{{"generateName", "fix-"},
                                  {"resource",
                                   {{"namespace", "health"},
                                    {"serviceAccount", "fix-sa"},
                                    {"source", {{"inline", "spec: {entrypoint: fix}"}}}}}};
        put_check(name, {{"level", "namespace"}, {"checks", checks}, {"remedyworkflow", remedy}});
    }

    Random random_{1};
    kube::fake::ApiServer server_{sockets_.executor(), sockets_.clock(), random_};
    sim::Keys keys_ = sim::make_keys(sockets_.clock().wall(), random_, std::chrono::hours(24));

private:
    Async<void> play(Command command) {
        auto const ended = co_await process_->run(std::move(command), no_deadline);
        code_ = ended ? ended->code : -1;
    }

    std::unique_ptr<Process> process_ = make_system_process(sockets_.executor(), sockets_.clock());
    std::unique_ptr<net::Resolver> resolver_ = net::make_system_resolver(sockets_.executor(), sockets_.clock());
    std::unique_ptr<net::Dialer> dialer_ = net::make_system_dialer(sockets_.executor(), sockets_.clock(), *resolver_);
    std::unique_ptr<net::Tls> tls_ = net::make_tls(sockets_.clock());
    std::unique_ptr<net::HttpClient> http_ =
        net::make_http_client(sockets_.executor(), sockets_.clock(), *dialer_, *tls_);
    std::unique_ptr<sim::HttpsFront> front_;
    std::unique_ptr<Serving> serving_;
    std::unique_ptr<Serving> running_;
    std::optional<int> code_;
};

// --- log ------------------------------------------------------------------------------------------------------------

TEST_F(CommandLineOperatorWiring, DebugLinesTellOfRequestsAndStagesInJsonOnDemand) {
    Peer door(sockets_, nullptr, {.greeting = "hello"});
    Serving const open(sockets_, door.serve());
    put_probe(door.port());
    start({"--zap-encoder=json", "--zap-log-level=debug", "--max-workers=3", "--source-allow=127.0.0.0/8"});
    EXPECT_TRUE(logs("health/probe: Succeeded: the check succeeded")) << log();
    stop();
    auto const text = log();
    EXPECT_THAT(text, AllOf(HasSubstr("--max-workers has no effect"),
                            HasSubstr("list healthchecks.activemonitor.keikoproj.io: 200 after"),
                            HasSubstr("patch healthchecks.activemonitor.keikoproj.io/status: 200 after"),
                            HasSubstr("health/probe: from ")));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        auto const parsed = parse_json(line, "log");
        ASSERT_TRUE(parsed) << line;
        EXPECT_TRUE(parsed->as_object().contains("ts") && parsed->as_object().contains("level")) << line;
    }
}

TEST_F(CommandLineOperatorWiring, WithoutFlagsTheLogIsPlainAndHasNoDebugLine) {
    put_hello();
    start({});
    EXPECT_TRUE(exists(role_path)) << log();
    stop();
    EXPECT_THAT(log(), AllOf(HasSubstr("\tinfo\t"), HasSubstr("asked to stop"), Not(HasSubstr("debug")),
                             Not(HasSubstr("{\"level\"")), Not(HasSubstr("--max-workers"))));
}

TEST_F(CommandLineOperatorWiring, DevelFalseIsZapsProduction) {
    start({"--zap-devel=false"});
    EXPECT_TRUE(logs("/metrics at")) << log();
    stop();
    EXPECT_THAT(log(), AllOf(testing::StartsWith("{\"level\":\"info\""), Not(HasSubstr("debug"))));
}

// --- sources, heartbeat, policy
// ---------------------------------------------------------------------------------------

TEST_F(CommandLineOperatorWiring, LoopbackIsRefusedUnlessSourceAllowNamesIt) {
    Peer door(sockets_, nullptr, {.greeting = "hello"});
    Serving const open(sockets_, door.serve());
    put_probe(door.port());
    start({});
    EXPECT_TRUE(logs("health/probe: Failed")) << log();
    stop();
    EXPECT_THAT(log(), HasSubstr("--source-allow"));
    EXPECT_EQ(door.connections(), 0);
}

TEST_F(CommandLineOperatorWiring, TheHeartbeatGoesOutAndThePolicyIsReadWhereTheFlagSays) {
    Peer watch(sockets_, nullptr, {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"});
    Serving const open(sockets_, watch.serve());
    start({"--zap-log-level=debug", "--policy-configmap=ops/remedies", "--heartbeat-interval=1s",
           fmt::format("--heartbeat-url={}/secret-4f1dc0ffee", watch.url())});
    EXPECT_TRUE(eventually([&] { return watch.connections() > 0; })) << log();
    EXPECT_TRUE(logs("(/api/v1/namespaces/ops/configmaps")) << log();
    stop();
    EXPECT_THAT(log(), Not(HasSubstr(std::string(secret_mark)))) << "only the host of the URL is told";
}

// A check that fails, since loopback is refused, and has a remedy.
TEST_F(CommandLineOperatorWiring, RemediesAreDryRunsOnDemand) {
    auto const made = [&] {
        auto const workflows = to_json(get("/apis/argoproj.io/v1alpha1/namespaces/health/workflows"));
        return workflows.find("\"fix-") != std::string::npos;
    };
    put_ill("first");
    start({"--remedy-dry-run"});
    EXPECT_TRUE(eventually([&] {
        auto const check =
            to_json(get("/apis/activemonitor.keikoproj.io/v1alpha1/namespaces/health/healthchecks/first"));
        return check.find("would run as fix-sa (--remedy-dry-run)") != std::string::npos;
    })) << log();
    stop();
    EXPECT_THAT(log(), HasSubstr("--remedy-dry-run: remedies are decided and told, and none runs"));
    EXPECT_FALSE(made());

    put_ill("second");
    start({});
    EXPECT_TRUE(eventually(made)) << log();
    stop();
}

// --- rights
// -----------------------------------------------------------------------------------------------------------

TEST_F(CommandLineOperatorWiring, RightsFollowTheFlagsOfRights) {
    write("allow.yaml", "levels: [namespace]\n");
    put_hello();
    start({"--rbac-allow=allow.yaml"});
    EXPECT_TRUE(logs("allow.yaml")) << log();
    EXPECT_TRUE(get(role_path).empty());
    stop();

    start({});
    ASSERT_TRUE(exists(role_path)) << log();
    EXPECT_THAT(to_json(get(role_path).at("rules")), Not(HasSubstr("\"*\"")));
    stop();
}

TEST_F(CommandLineOperatorWiring, TheReferencesDefaultsAreWildcards) {
    put_hello();
    start({"--rbac-defaults=reference"});
    ASSERT_TRUE(exists(role_path)) << log();
    EXPECT_THAT(to_json(get(role_path).at("rules")), HasSubstr(R"("apiGroups":["*"])"));
    stop();
}

TEST_F(CommandLineOperatorWiring, WhatTheReferenceMadeIsNarrowedOnDemandOnly) {
    put_hello();
    server_.put(
        {{"apiVersion", "rbac.authorization.k8s.io/v1"},
         {"kind", "ClusterRole"},
         {"metadata", {{"name", "hello-sa-cluster-role"}, {"labels", {{op::managed_by_label, op::managed_by_value}}}}},
         {"rules", json::array{{{"apiGroups", {"*"}}, {"resources", {"*"}}, {"verbs", {"*"}}}}}});
    auto const rules = [&] { return to_json(get(role_path).at("rules")); };
    start({});
    EXPECT_TRUE(exists("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/hello-sa-cluster-role-binding"));
    EXPECT_TRUE(eventually([&] {
        auto const check = get("/apis/activemonitor.keikoproj.io/v1alpha1/namespaces/health/healthchecks/hello");
        return to_json(check).find("RBACWiderThanNeeded") != std::string::npos;
    })) << log();
    EXPECT_THAT(rules(), HasSubstr("\"*\""));
    stop();

    start({"--rbac-adopt=narrow"});
    EXPECT_TRUE(eventually([&] { return rules().find("\"*\"") == std::string::npos; })) << rules() << log();
    stop();
}

// --- /metrics
// ---------------------------------------------------------------------------------------------------------

TEST_F(CommandLineOperatorWiring, MetricsAreLabelledWithTheNamespaceOnDemand) {
    Peer door(sockets_, nullptr, {.greeting = "hello"});
    Serving const open(sockets_, door.serve());
    put_probe(door.port());
    start({"--metrics-namespace-label", "--source-allow=127.0.0.1/32"});
    ASSERT_TRUE(logs("health/probe: Succeeded")) << log();
    auto const answer = metrics();
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body,
                testing::ContainsRegex("healthcheck_success_count\\{[^}]*healthcheck_namespace=\"health\"[^}]*\\} 1"));
    stop();
}

TEST_F(CommandLineOperatorWiring, AFolderOfSourcesThatIsNotThereIsTold) {
    start({"--source-dir=not-there"});
    EXPECT_TRUE(logs("--source-dir: there is no folder not-there yet")) << log();
    stop();
}

TEST_F(CommandLineOperatorWiring, OfAFolderOfSourcesThatIsThereNothingIsSaid) {
    std::filesystem::create_directory(folder_ / "there");
    start({"--source-dir=there"});
    EXPECT_TRUE(logs("there is no remedy policy")) << log();
    stop();
    EXPECT_THAT(log(), Not(HasSubstr("--source-dir")));
}

// As manifests made with the scaffold of active-monitor's have it.
TEST_F(CommandLineOperatorWiring, ACertificateWithoutSecureMetricsIsTakenAndSaidToBeWithoutEffect) {
    start({"--metrics-cert-path=not-there", "--leader-elect=false", "--max-workers=0"});
    EXPECT_EQ(metrics().status, 200);
    EXPECT_TRUE(logs("--metrics-cert-path has no effect without --metrics-secure")) << log();
    stop();
}

TEST_F(CommandLineOperatorWiring, SecureMetricsShowTheGivenCertificateAndAskForAToken) {
    auto const shown = identity();
    write("certificate/tls.crt", shown.certificate_pem);
    write("certificate/tls.key", shown.key_pem);
    start({"--metrics-secure", "--metrics-cert-path=certificate"});
    net::TlsOptions const trust{.server_name = "127.0.0.1", .ca_pem = authority_.certificate_pem};
    EXPECT_EQ(metrics(trust).status, 401);
    EXPECT_THAT(log(), HasSubstr("/metrics at https://127.0.0.1:"));
    EXPECT_EQ(metrics().status, 0) << "nothing is told in the clear";
    stop();
}

// --- the API server
// ---------------------------------------------------------------------------------------------------

TEST_F(CommandLineOperatorWiring, RequestsKeepToTheRateOfTheFlags) {
    for (auto const* name : {"a", "b", "c", "d", "e", "f"}) put_hello(name);
    auto const begun = sockets_.clock().now();
    auto const before = server_.requests();
    start({"--kube-api-qps=5", "--kube-api-burst=1"});
    ASSERT_TRUE(eventually([&] { return server_.requests() >= before + 15; })) << log();
    auto const took = std::chrono::duration<double>(sockets_.clock().now() - begun).count();
    EXPECT_LE(static_cast<double>(server_.requests() - before), 1 + 5 * took + 1)
        << "a slow machine only makes this easier; without the limit the fifteen come at once";
    stop();
}

}  // namespace
}  // namespace vedette::cli
