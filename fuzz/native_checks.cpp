// spec.checks: whatever stands in a HealthCheck is either an instance that may run inside the operator, or a problem
// with a field of its own and a message of bounded length.

#include "operator/native_checks.hpp"

#include "base/json.hpp"
#include "target.hpp"

namespace vedette::fuzz {

void fuzz(std::string_view input) {
    auto const parsed = parse_json(input, "input");
    if (!observe(parsed) || !parsed->is_object()) return;
    boost::json::object const object{{"metadata", {{"namespace", "shop"}, {"name", "web"}}}, {"spec", *parsed}};
    auto const check = op::read_health_check(object);
    auto const read = op::read_native_checks(check);
    observe("instances", read.instances.size());
    for (auto const& problem : read.problems) {
        observe(problem.message);
        ensure(problem.message.size() <= 400, "a message is bounded");
        ensure(problem.message.starts_with("spec."), "a message begins with its field");
        ensure(problem.field.starts_with("spec."), "a field is a path in the spec");
        ensure(problem.field.find(' ') == std::string::npos, "a field holds no blanks");
    }
    for (auto const& instance : read.instances) {
        auto const& type = *instance.type;
        ensure(type.judge != nullptr || !type.needs_cluster, "only object checks and probes of sockets run");
        ensure(type.name != "exec", "no programs run");
        if (check.spec.level() == op::Level::cluster) continue;
        ensure(!type.cluster_scoped, "level namespace looks at no cluster");
        for (auto const& ns : instance.params.namespaces) ensure(ns == "shop", "level namespace stays inside");
    }
    for (auto const& [ns, rules] : op::rights_for_checks(check)) {
        ensure(check.spec.level() == op::Level::cluster || ns == "shop",
               "level namespace needs rights of its own alone");
        observe("rules", rules.size());
    }
}

}  // namespace vedette::fuzz
