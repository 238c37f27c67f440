// Of the source text two things count, metadata.labels and spec: the reference discards the rest, and so do we.

#include "operator/workflow.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/time_format.hpp"
#include "base/yaml.hpp"
#include "operator/bounded.hpp"

#include <fmt/format.h>

#include <cmath>

namespace vedette::op {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_prefix = 57;
constexpr std::string_view suffix_letters = "bcdfghjklmnpqrstvwxz2456789";  // Kubernetes': no vowels, no words
constexpr int suffix_length = 5;
constexpr std::size_t longest_told_name = 100;

std::string text_of(json::value const& value) {
    return value.is_string() ? std::string(value.get_string()) : to_json(value);
}

Result<json::object> read_source(std::string_view text) {
    if (text.size() > source_limit) {
        return fail(Errc::too_large, "the Workflow text has {} bytes; at most {} are read", text.size(), source_limit);
    }
    auto const document = parse_yaml(text, "workflow", source_limit);
    if (!document) return std::unexpected(document.error());
    if (document->is_null()) return fail(Errc::invalid_input, "the Workflow text is empty");
    if (!document->is_mapping()) {
        return fail(Errc::invalid_input, "the Workflow text is {}, not an object", to_string(document->kind));
    }
    auto const* spec = document->find("spec");
    if (!spec || spec->is_null()) return fail(Errc::invalid_input, "the Workflow text has no spec");
    if (!spec->is_mapping()) {
        return fail(Errc::invalid_input, "{}: spec is {}, not an object", spec->where(), to_string(spec->kind));
    }
    return to_json(*document).get_object();
}

json::object labels_of(HealthCheck const& check, json::object const& source) {
    json::object labels;
    if (auto const* given = find(source, "metadata.labels"); given && given->is_object()) {
        for (auto const& [key, value] : given->get_object()) labels[key] = text_of(value);
    }
    if (!labels.contains(instance_label)) labels[instance_label] = instance_value;
    labels[uid_label] = check.uid;
    return labels;
}

json::object metadata_of(HealthCheck const& check, RunId const& run, WorkflowSpec const& workflow, std::string name,
                         json::object labels) {
    json::object metadata{{"name", std::move(name)},
                          {"generateName", workflow.generate_name},
                          {"namespace", workflow.ns},
                          {"labels", std::move(labels)},
                          {"annotations",
                           {{run_annotation, to_string(run)},
                            {uid_annotation, check.uid},
                            {name_annotation, fmt::format("{}/{}", check.ns, check.name)}}}};
    // Kubernetes collects an object whose owner is in another namespace: there the label alone says whose it is.
    if (workflow.ns == check.ns) {
        metadata["ownerReferences"] = {{{"apiVersion", api_version},
                                        {"kind", "HealthCheck"},
                                        {"name", check.name},
                                        {"uid", check.uid},
                                        {"controller", true}}};
    }
    return metadata;
}

std::string metric_word(std::string_view text) {
    std::string word;
    for (char const c : text) {
        bool const legal = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':';
        word += legal ? c : '_';
    }
    return word;
}

json::value const* find_without_case(json::object const& object, std::string_view key) {
    for (auto const& [name, value] : object) {
        auto const same = std::equal(name.begin(), name.end(), key.begin(), key.end(),
                                     [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
        if (same) return &value;
    }
    return nullptr;
}

Result<CustomMetric> read_metric(std::string_view health_check_name, json::value const& element, std::size_t number) {
    auto const* object = element.if_object();
    if (!object) return fail(Errc::invalid_input, "element {} of metrics is no object", number);
    auto const* name = find_without_case(*object, "name");
    if (!name || !name->is_string() || name->get_string().empty()) {
        return fail(Errc::invalid_input, "element {} of metrics has no name", number);
    }
    CustomMetric metric;
    metric.name = custom_metric_name(health_check_name, name->get_string());
    if (auto const* help = find_without_case(*object, "help"); help && help->is_string()) {
        metric.help = help->get_string();
    }
    auto const* value = find_without_case(*object, "value");
    if (value && value->is_number()) metric.value = value->to_number<double>();
    if ((value && !value->is_number()) || !std::isfinite(metric.value)) {
        return fail(Errc::invalid_input, "custom metric {}: its value is no number",
                    bounded(std::string(name->get_string()), longest_told_name));
    }
    return metric;
}

std::optional<WallTime> time_of(json::object const& object, std::string_view path) {
    auto const time = parse_rfc3339(get_string(object, path));
    return time ? std::optional(*time) : std::nullopt;
}

}  // namespace

Result<std::string> workflow_name(HealthCheck const& check, RunId const& run, int collision) {
    auto const& workflow = run.purpose == Purpose::check ? check.spec.workflow : check.spec.remedy;
    if (workflow.generate_name.empty()) return fail(Errc::invalid_input, "generateName is empty");
    auto name = workflow.generate_name.substr(0, longest_prefix);
    auto hash = stable_hash(fmt::format("{}/{}/{}", check.uid, to_string(run), collision));
    for (int i = 0; i < suffix_length; ++i) {
        name += suffix_letters[hash % suffix_letters.size()];
        hash /= suffix_letters.size();
    }
    return name;
}

Result<json::object> build_workflow(HealthCheck const& check, RunId const& run, std::string_view text,
                                    std::chrono::seconds timeout, int collision) {
    auto name = workflow_name(check, run, collision);
    if (!name) return pass(name);
    auto source = read_source(text);
    if (!source) return pass(source);

    bool const remedy = run.purpose == Purpose::remedy;
    auto const& workflow = remedy ? check.spec.remedy : check.spec.workflow;
    auto spec = source->at("spec").get_object();
    if (!spec.contains("podGC")) spec["podGC"] = {{"strategy", "OnPodCompletion"}};
    auto const account = remedy ? remedy_service_account(check.spec) : workflow.service_account;
    if (!account.empty()) spec["serviceAccountName"] = account;
    if (!spec.contains("activeDeadlineSeconds")) spec["activeDeadlineSeconds"] = timeout.count();
    return json::object{{"apiVersion", "argoproj.io/v1alpha1"},
                        {"kind", "Workflow"},
                        {"metadata", metadata_of(check, run, workflow, std::move(*name), labels_of(check, *source))},
                        {"spec", std::move(spec)}};
}

std::string remedy_service_account(Spec const& spec) {
    auto const& account = spec.remedy.service_account;
    auto const& of_the_check = spec.native() ? spec.service_account_name : spec.workflow.service_account;
    bool const same = !account.empty() && account == of_the_check;
    return same ? account + "-remedy" : account;
}

WorkflowState workflow_state(json::object const& workflow) {
    WorkflowState state;
    state.phase = get_string(workflow, "status.phase");
    state.succeeded = state.phase == "Succeeded";
    state.ended = state.succeeded || state.phase == "Failed" || state.phase == "Error";
    state.message = bounded(get_string(workflow, "status.message"), longest_workflow_message);
    state.started = time_of(workflow, "status.startedAt");
    state.finished = time_of(workflow, "status.finishedAt");
    auto const* outputs = find(workflow, "status.outputs");
    if (state.ended && outputs && outputs->is_object()) {
        state.outputs = {{"status", json::object{{"outputs", *outputs}}}};
    }
    return state;
}

std::string custom_metric_name(std::string_view health_check_name, std::string_view element) {
    auto name = metric_word(health_check_name) + "_" + metric_word(element);
    if (name.front() >= '0' && name.front() <= '9') name.insert(0, "_");
    return name;
}

std::vector<CustomMetric> custom_metrics(std::string_view health_check_name, json::object const& workflow,
                                         std::vector<std::string>* refused) {
    std::vector<CustomMetric> metrics;
    auto const refuse = [refused](std::string sentence) {
        if (refused) refused->push_back(std::move(sentence));
    };
    auto const* parameters = find(workflow, "status.outputs.parameters");
    if (!parameters || !parameters->is_array()) return metrics;
    for (auto const& parameter : parameters->get_array()) {
        auto const value = parse_json(get_string(parameter, "value"), "value");
        if (!value || !value->is_object()) continue;
        auto const* list = value->get_object().if_contains("metrics");
        if (list && !list->is_array()) refuse("metrics is no array");
        if (!list || !list->is_array()) continue;
        std::size_t number = 0;
        for (auto const& element : list->get_array()) {
            auto metric = read_metric(health_check_name, element, ++number);
            if (metric) metrics.push_back(std::move(*metric));
            if (!metric) refuse(metric.error().text());
        }
    }
    return metrics;
}

}  // namespace vedette::op
