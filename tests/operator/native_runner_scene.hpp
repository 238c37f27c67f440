#pragma once
// A NativeRunner in a world of its own: an API server that knows who asks, and peers for probes.

#include "base/task_group.hpp"
#include "check/world_context.hpp"
#include "kube/fake/api_server.hpp"
#include "operator/native_runner.hpp"
#include "operator/native_scene.hpp"

namespace vedette::op {

inline std::string const reader = "system:serviceaccount:shop:reader";
inline std::string const pods_and_nodes = "- type: pods-crashloop\n- type: nodes-ready\n";

// The same answers to every question.
class OneZone final : public net::Resolver {
public:
    Task<void> resolve(std::string host, Deadline, net::FoundAddresses) override {
        co_return fail(Errc::dns_failure, "{}: no such host", host);
    }
    Task<net::DnsAnswer> query(net::DnsQuestion, Deadline) override {
        co_return net::DnsAnswer{"NOERROR", {"10.0.0.1"}, std::chrono::seconds(60)};
    }
};

/// An API server that knows who asks, and peers for probes.
struct NativeRunScene {
    NativeRunScene() {
        api.set_authorizer(
            [this](std::string_view user, std::string_view verb, kube::Resource const& resource, std::string_view ns) {
                asked.push_back(fmt::format("{} {} {} in {}", user, verb, resource.qualified(), ns));
                return user == reader && !(forbidden == resource.plural);
            });
    }

    void add_pod(std::string_view ns, std::string_view name, int restarts = 0) {
        boost::json::object state{{"running", boost::json::object{}}};
        if (restarts > 0) state = {{"waiting", {{"reason", "CrashLoopBackOff"}}}};
        boost::json::object container{{"name", "main"}, {"restartCount", restarts}, {"state", std::move(state)}};
        api.put({{"apiVersion", "v1"},
                 {"kind", "Pod"},
                 {"metadata", {{"namespace", ns}, {"name", name}}},
                 {"status", {{"phase", "Running"}, {"containerStatuses", boost::json::array{std::move(container)}}}}});
    }
    void add_node(std::string_view name, bool ready) {
        boost::json::object condition{
            {"type", "Ready"}, {"status", ready ? "True" : "False"}, {"lastTransitionTime", "2025-12-31T00:00:00Z"}};
        api.put({{"apiVersion", "v1"},
                 {"kind", "Node"},
                 {"metadata", {{"name", name}}},
                 {"status", {{"conditions", boost::json::array{std::move(condition)}}}}});
    }
    RunResult run(HealthCheck check, Duration within = 60s) {
        return world.run(runner.run(std::move(check), world.clock().now() + within));
    }

    world::World world;
    world::Network network{world};
    world::PlainTls tls{world};
    OneZone resolver;
    std::unique_ptr<net::HttpClient> http = net::make_http_client(world.executor(), world.clock(), network, tls);
    kube::fake::ApiServer api{world.executor(), world.clock(), world.random()};
    std::vector<std::string> asked;
    std::vector<std::string> opened;
    std::string forbidden;
    NativeRunner runner{{.clock = world.clock(),
                         .random = world.random(),
                         .dialer = network,
                         .resolver = resolver,
                         .tls = tls,
                         .http = *http,
                         .open_api = [this](kube::Impersonation who) -> Result<std::unique_ptr<kube::Api>> {
                             opened.push_back(who.user);
                             return api.as_user(who.user);
                         }}};
};

/// Runs that were asked for in one instant.
struct Crowd {
    explicit Crowd(NativeRunScene& of) : scene(of), group(of.world.executor()) {}

    void add(std::size_t count, Duration within,
             std::string const& checks = "- {type: pods-crashloop, timeout: 1h}\n") {
        auto one = [](Crowd& crowd, std::size_t number, HealthCheck check, Deadline deadline) -> Async<void> {
            auto result = co_await crowd.scene.runner.run(std::move(check), deadline);
            crowd.ended.emplace_back(number, std::move(result));
        };
        for (; count > 0; --count) {
            auto check = native_check(checks);
            check.uid = fmt::format("uid-{}", asked);
            group.spawn(one(*this, asked++, std::move(check), scene.world.clock().now() + within));
        }
    }

    NativeRunScene& scene;
    std::size_t asked = 0;
    std::vector<std::pair<std::size_t, RunResult>> ended;
    TaskGroup group;
};

}  // namespace vedette::op
