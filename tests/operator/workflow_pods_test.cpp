#include "operator/workflow_pods.hpp"

#include "base/yaml.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vedette::op {
namespace {

std::optional<std::int64_t> pods(std::string_view spec) {
    auto const text = fmt::format("spec: {{{}}}\n", spec);
    return pods_of(to_json(parse_yaml(text, "workflow").value()).as_object());
}

// `more` is the entrypoint's work; a, b and pause are there to be called.
std::optional<std::int64_t> pods_with(std::string_view more) {
    return pods(
        fmt::format("entrypoint: main, templates: [{{name: main, {}}}, {{name: a, container: {{image: x}}}}, "
                    "{{name: b, steps: [[{{name: x, template: a}}, {{name: y, template: a}}]]}}, "
                    "{{name: pause, suspend: {{}}}}, {{name: again, steps: [[{{name: x, template: again}}]]}}]",
                    more));
}

TEST(PodsOf, AreCountedFromTheEntrypointOn) {
    struct Row {
        std::string work;
        std::int64_t want;
    };
    for (auto const& row : std::vector<Row>{
             {"container: {image: x}", 1},
             {"script: {source: x}", 1},
             {"containerSet: {}", 1},
             {"resource: {action: get}", 1},
             {"suspend: {}", 0},
             {"steps: [[{name: x, template: a}], [{name: y, template: b}, {name: z, template: pause}]]", 3},
             {"dag: {tasks: [{name: x, template: a}, {name: y, template: b, depends: x}]}", 3},
             {"steps: [[{name: x, template: b, withItems: [1, 2, 3]}]]", 6},
             {"container: {image: x}, retryStrategy: {limit: 3}", 1},
         }) {
        EXPECT_EQ(pods_with(row.work), row.want) << row.work;
    }
    EXPECT_EQ(pods("entrypoint: a, onExit: a, templates: [{name: a, container: {image: x}}]"), 2);
}

TEST(PodsOf, AreNotKnownWhereTheTextAloneDoesNotTell) {
    for (auto const* work : {
             "steps: [[{name: x, template: a, when: 'true'}]]",
             "steps: [[{name: x, template: a, withParam: '{{x}}'}]]",
             "steps: [[{name: x, template: a, withSequence: {count: 3}}]]",
             "steps: [[{name: x, templateRef: {name: a, template: b}}]]",
             "steps: [[{name: x, template: missing}]]",
             "steps: [[{name: x, template: again}]]",
             "steps: [[{name: x, template: a, hooks: {exit: {template: a}}}]]",
             "steps: [x]",
             "steps: x",
             "dag: {tasks: [{name: x, template: a}, {name: y, template: a, depends: x.Failed}]}",
             "http: {url: x}",
             "container: {image: x}, memoize: {key: x}",
         }) {
        EXPECT_EQ(pods_with(work), std::nullopt) << work;
    }
    EXPECT_EQ(pods("entrypoint: a"), std::nullopt);
    EXPECT_EQ(pods("workflowTemplateRef: {name: x}, entrypoint: a, templates: [{name: a, container: {image: x}}]"),
              std::nullopt);
    EXPECT_EQ(pods_of({}), std::nullopt);
}

TEST(PodsOf, ATreeThatGrowsWithoutEndIsGivenUp) {
    std::string templates = "{name: t0, container: {image: x}}";
    for (int i = 1; i < 30; ++i) {
        templates += fmt::format(
            ", {{name: t{0}, steps: [[{{name: x, template: t{1}}}, {{name: y, template: t{1}}}]]}}", i, i - 1);
    }
    EXPECT_EQ(pods(fmt::format("entrypoint: t29, templates: [{}]", templates)), std::nullopt);
    EXPECT_EQ(pods(fmt::format("entrypoint: t5, templates: [{}]", templates)), 32);
}

}  // namespace
}  // namespace vedette::op
