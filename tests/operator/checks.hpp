#pragma once
// HealthChecks as users write them, to change a word and see what comes of it.

#include "operator/manifest.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace vedette::op {

/// 2026-03-01T10:00:30Z, a Sunday.
inline constexpr WallTime now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours(10) +
                              std::chrono::seconds(30)};

inline std::string const hello_workflow = R"(
          metadata:
            name: ignored
            labels: {team: core, 7: 1}
          spec:
            entrypoint: hello
            templates: [{name: hello, container: {image: busybox}}]
)";

/// `more` are further lines of spec, indented by two.
inline std::string hello(std::string_view more = "  repeatAfterSec: 60\n", std::string_view level = "cluster",
                         std::string_view name = "hello", std::string const& workflow = hello_workflow) {
    return fmt::format(
        "apiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\n"
        "metadata: {{name: {}, namespace: health, uid: 0f3b}}\nspec:\n  level: {}\n{}"
        "  workflow:\n    generateName: hello-\n    resource:\n      namespace: health\n      serviceAccount: "
        "hello-sa\n"
        "      source:\n        inline: |{}",
        name, level, more, workflow);
}

inline std::vector<ManifestCheck> manifests(std::string const& text) {
    auto found = read_manifests(text, "f.yaml", "default");
    if (!found) throw std::runtime_error(found.error().text());
    return std::move(found->checks);
}

inline HealthCheck check_of(std::string const& text) {
    return manifests(text).at(0).check;
}

/// "error LevelInvalid", "warning UnknownField", ...
inline std::vector<std::string> problems_of(ManifestCheck const& check) {
    std::vector<std::string> words;
    for (auto const& problem : check.problems) {
        words.push_back((problem.severity == Problem::Severity::error ? "error " : "warning ") + problem.reason);
    }
    return words;
}

}  // namespace vedette::op
