#pragma once
// A scene for RbacKeeper: the in-memory API server behind a door that prevents privilege escalation as Kubernetes does.

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "kube/fake/api_server.hpp"
#include "kube/scripted_api.hpp"
#include "operator/checks.hpp"
#include "operator/rbac_keeper.hpp"
#include "world/world.hpp"

namespace vedette::op {

// Notes every request that is no list and no watch, and lets nobody grant what `held` does not hold.
class RbacDoor final : public kube::Api {
public:
    explicit RbacDoor(kube::Api& server) : server_(server) {}

    Task<kube::Response> send(kube::Request request, Deadline deadline) override {
        bool const reads_many = request.what.starts_with("list") || request.what.starts_with("watch");
        if (!reads_many) log.push_back(request.what);
        auto const beyond = not_held(request);
        if (!beyond.empty()) co_return forbidden(beyond);
        if (before_next_write && request.method != "GET") std::exchange(before_next_write, nullptr)();
        auto answer = co_await server_.send(std::move(request), deadline);
        co_return answer;
    }

    /// What was asked for since the last call.
    std::vector<std::string> take() { return std::exchange(log, {}); }

    std::vector<std::string> log;
    std::optional<std::vector<PolicyRule>> held;  ///< nothing: everything
    std::function<void()> before_next_write;

private:
    std::vector<PolicyRule> not_held(kube::Request const& request) const {
        if (!held || request.body.empty() || request.path.find("roles") == std::string::npos) return {};
        auto const body = parse_json(request.body, "body");
        auto rules = read_rules(find(*body, "rules"));
        std::erase_if(rules, [&](auto const& rule) { return missing_rights({rule}, *held).empty(); });
        return rules;
    }

    static kube::Response forbidden(std::vector<PolicyRule> const& beyond) {
        std::string message =
            "roles is forbidden: user \"u\" (groups=[\"g\"]) is attempting to grant RBAC permissions "
            "not currently held:";
        auto const quoted = [](std::vector<std::string> const& words) {
            std::string text;
            for (auto const& word : words) text += fmt::format("{}\"{}\"", text.empty() ? "" : " ", word);
            return text;
        };
        for (auto const& rule : beyond) {
            message += fmt::format("\n{{APIGroups:[{}], Resources:[{}], Verbs:[{}]}}", quoted(rule.api_groups),
                                   quoted(rule.resources), quoted(rule.verbs));
        }
        boost::json::object const status{{"kind", "Status"},   {"apiVersion", "v1"},    {"status", "Failure"},
                                         {"message", message}, {"reason", "Forbidden"}, {"code", 403}};
        std::vector<std::string> pieces = {to_json(status)};
        return {403, {}, std::make_unique<kube::ScriptedBody>(std::move(pieces), std::nullopt)};
    }

    kube::Api& server_;
};

struct RbacScene {
    explicit RbacScene(RbacOptions options = {})
        : server(world.executor(), world.clock(), world.random()),
          door(server),
          client(door, world.clock(), world.random()),
          keeper(world.executor(), client, world.clock(), world.random(), std::move(options),
                 [this](LogLevel level, std::string sentence) {
                     log.push_back((level == LogLevel::warning ? "warning " : "info ") + std::move(sentence));
                 }) {
        for (auto const* ns : {"health", "shop"}) make_namespace(ns);
    }

    void make_namespace(std::string const& name) {
        server.put({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
    }
    Deadline soon() { return world.clock().now() + 20s; }
    /// These are all HealthChecks there are.
    template <class... Checks>
    void know_all(Checks const&... checks) {
        (keeper.observe(checks), ...);
        keeper.all_observed();
    }

    world::World world;
    kube::fake::ApiServer server;
    RbacDoor door;
    kube::Client client;
    std::vector<std::string> log;  ///< "info RBAC objects of ..."
    RbacKeeper keeper;
};

inline RbacKey const account{"ServiceAccount", "health", "hello-sa"};
inline RbacKey const role{"ClusterRole", "", "hello-sa-cluster-role"};
inline RbacKey const binding{"ClusterRoleBinding", "", "hello-sa-cluster-role-binding"};
inline RbacKey const fix_account{"ServiceAccount", "health", "fix-sa"};
inline RbacKey const fix_role{"ClusterRole", "", "fix-sa-cluster-role"};
inline RbacKey const fix_binding{"ClusterRoleBinding", "", "fix-sa-cluster-role-binding"};

inline Async<std::optional<FoundRbac>> read(RbacScene& s, RbacKey key) {
    kube::Client direct(s.server, s.world.clock(), s.world.random());
    auto const object = co_await direct.get(rbac_resource(key.kind), key.ns, key.name, s.soon());
    if (!object) co_return std::nullopt;
    co_return found_rbac(key.kind, *object);
}

inline Async<void> expect_there(RbacScene& s, RbacKey key, bool there, std::string why = {}) {
    auto const found = co_await read(s, key);
    EXPECT_EQ(found.has_value(), there) << to_string(key) << " " << why;
}

inline Async<void> expect_ensured(RbacScene& s, HealthCheck check, Purpose purpose = Purpose::check,
                                  std::string why = {}) {
    auto const report = co_await s.keeper.ensure(check, purpose, s.soon());
    EXPECT_TRUE(report.result) << (report.result ? "" : report.result.error().text()) << " " << why;
}

template <class Story>
void tell(RbacScene& scene, Story story) {
    auto main = [](RbacScene& s, Story inner) -> Async<void> {
        TaskGroup group(s.world.executor());
        group.spawn(s.keeper.run());
        co_await inner(s);
        co_await group.stop();
    };
    scene.world.run(main(scene, story));
}

inline HealthCheck check_named(std::string const& name, std::string const& more = "  repeatAfterSec: 60\n",
                               std::string const& level = "cluster") {
    auto check = check_of(hello(more, level, name));
    check.uid = "uid-" + name;
    return check;
}

inline std::string const with_remedy =
    "  repeatAfterSec: 60\n  remedyworkflow: {generateName: fix-, resource: {namespace: health, serviceAccount: "
    "fix-sa, "
    "source: {inline: 'spec: {a: 1}'}}}\n";

inline PolicyRule rule(std::string const& resource, std::vector<std::string> verbs, std::string const& group = "") {
    return {.api_groups = {group}, .resources = {resource}, .verbs = std::move(verbs)};
}

/// The objects that `check` needs, as the reference would have made them (no annotation) or anybody (no label).
inline std::vector<kube::Object> made_by(std::string_view whom, HealthCheck const& check) {
    std::vector<kube::Object> objects;
    for (auto& each : needed_rbac({&check})) {
        auto& metadata = each.object["metadata"].get_object();
        metadata.erase("annotations");
        if (whom != "reference") metadata.erase("labels");
        objects.push_back(std::move(each.object));
    }
    return objects;
}

}  // namespace vedette::op
