#pragma once
// HealthChecks with spec.checks, as users write them.

#include "base/yaml.hpp"
#include "operator/native_checks.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace vedette::op {

/// shop/web with these checks in YAML, "- type: pods-crashloop". `account` may be "".
inline HealthCheck native_check(std::string const& checks, std::string_view level = "namespace",
                                std::string_view account = "reader") {
    auto const parsed = parse_yaml(checks, "checks");
    if (!parsed) throw std::runtime_error(parsed.error().text());
    boost::json::object spec{{"repeatAfterSec", 60}, {"level", level}, {"checks", to_json(*parsed)}};
    if (!account.empty()) spec["serviceAccountName"] = account;
    boost::json::object const object{{"metadata", {{"namespace", "shop"}, {"name", "web"}, {"uid", "0f3b"}}},
                                     {"spec", std::move(spec)}};
    return read_health_check(object);
}

/// "spec.checks[0].type CheckRefused", one line a problem.
inline std::vector<std::string> fields_of(std::vector<Problem> const& problems) {
    std::vector<std::string> lines;
    for (auto const& problem : problems) lines.push_back(problem.field + " " + problem.reason);
    return lines;
}

inline std::vector<std::string> names_of(NativeChecks const& checks) {
    std::vector<std::string> names;
    for (auto const& instance : checks.instances) names.push_back(instance.identity.name);
    return names;
}

}  // namespace vedette::op
