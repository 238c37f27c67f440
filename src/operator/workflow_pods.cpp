// Walks the templates from the entrypoint, as Argo does.

#include "operator/workflow_pods.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <array>

namespace vedette::op {
namespace {

namespace json = boost::json;

using Pods = std::optional<std::int64_t>;

constexpr int deepest = 32;
constexpr int most_steps = 10'000;  // of the walk: templates may name one another many times over
constexpr std::int64_t most_pods = 1'000'000;

bool has_any(json::object const& object, std::initializer_list<std::string_view> keys) {
    return std::any_of(keys.begin(), keys.end(), [&](auto key) {
        auto const* value = object.if_contains(key);
        return value && !value->is_null();
    });
}

class Walk {
public:
    explicit Walk(json::array const& templates) : templates_(templates) {}

    Pods of_template(std::string const& name, int depth) {
        if (depth > deepest || ++steps_ > most_steps) return std::nullopt;
        auto const found = std::find_if(templates_.begin(), templates_.end(), [&](auto const& each) {
            return each.is_object() && get_string(each, "name") == name;
        });
        if (found == templates_.end()) return std::nullopt;
        auto const& object = found->get_object();
        if (has_any(object, {"memoize"})) return std::nullopt;
        if (has_any(object, {"container", "containerSet", "script", "resource", "data"})) return 1;
        if (has_any(object, {"suspend"})) return 0;
        if (auto const* groups = list(object, "steps")) return of_groups(*groups, depth);
        auto const* dag = object.if_contains("dag");
        auto const* tasks = dag && dag->is_object() ? list(dag->get_object(), "tasks") : nullptr;
        return tasks ? of_invocations(*tasks, depth) : std::nullopt;
    }

private:
    static json::array const* list(json::object const& object, std::string_view key) {
        auto const* value = object.if_contains(key);
        return value ? value->if_array() : nullptr;
    }

    Pods of_groups(json::array const& groups, int depth) {
        std::int64_t sum = 0;
        for (auto const& group : groups) {
            auto const* invocations = group.if_array();
            auto const pods = invocations ? of_invocations(*invocations, depth) : std::nullopt;
            if (!pods || (sum += *pods) > most_pods) return std::nullopt;
        }
        return sum;
    }

    // Of the steps of one group, or of the tasks of a DAG.
    Pods of_invocations(json::array const& invocations, int depth) {
        std::int64_t sum = 0;
        for (auto const& each : invocations) {
            auto const* invocation = each.if_object();
            if (!invocation) return std::nullopt;
            if (has_any(*invocation,
                        {"when", "withParam", "withSequence", "templateRef", "inline", "hooks", "onExit"})) {
                return std::nullopt;
            }
            // "a.Failed" runs only if a fails.
            if (get_string(*invocation, "depends").find('.') != std::string::npos) return std::nullopt;
            auto const pods = of_template(get_string(*invocation, "template"), depth + 1);
            if (!pods) return std::nullopt;
            auto const* items = list(*invocation, "withItems");
            sum += *pods * (items ? static_cast<std::int64_t>(items->size()) : 1);
            if (sum > most_pods) return std::nullopt;
        }
        return sum;
    }

    json::array const& templates_;
    int steps_ = 0;
};

}  // namespace

Pods pods_of(json::object const& workflow) {
    auto const* spec = find(workflow, "spec");
    auto const* templates = find(workflow, "spec.templates");
    if (!spec || !spec->is_object() || !templates || !templates->is_array()) return std::nullopt;
    if (has_any(spec->get_object(), {"workflowTemplateRef", "hooks", "templateDefaults"})) return std::nullopt;
    Walk walk(templates->get_array());
    auto pods = walk.of_template(get_string(workflow, "spec.entrypoint"), 0);
    auto const on_exit = get_string(workflow, "spec.onExit");
    if (!pods || on_exit.empty()) return pods;
    auto const last = walk.of_template(on_exit, 0);
    return last ? Pods(*pods + *last) : std::nullopt;
}

}  // namespace vedette::op
