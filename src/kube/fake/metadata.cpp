#include "kube/fake/metadata.hpp"

#include "kube/fake/selector.hpp"
#include "kube/name_syntax.hpp"

#include <fmt/chrono.h>

#include <algorithm>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

void check_name(NameRule rule, std::string const& name, std::vector<Cause>& causes) {
    auto const wrong = [&](std::string_view why) { causes.push_back(invalid_value("metadata.name", name, why)); };
    switch (rule) {
        case NameRule::subdomain:
            for (auto const& fault : subdomain_faults(name)) wrong(fault);
            break;
        case NameRule::label:
            for (auto const& fault : dns_label_faults(name)) wrong(fault);
            break;
        case NameRule::path_segment:
            if (name == "." || name == "..") wrong(fmt::format("may not be '{}'", name));
            for (char c : {'/', '%'}) {
                if (name.find(c) != std::string::npos) wrong(fmt::format("may not contain '{}'", c));
            }
    }
}

void check_labels(json::object const& labels, std::vector<Cause>& causes) {
    auto const wrong = [&](std::string_view value, std::string_view why) {
        causes.push_back(invalid_value("metadata.labels", value, why));
    };
    for (auto const& [key, value] : labels) {
        for (auto const& fault : label_key_faults(key)) wrong(key, fault);
        std::string_view const text = value.is_string() ? std::string_view(value.get_string()) : "";
        for (auto const& fault : label_value_faults(text)) wrong(text, fault);
    }
}

}  // namespace

json::object& metadata_of(json::object& object) {
    auto& metadata = object["metadata"];
    if (!metadata.is_object()) metadata = json::object{};
    return metadata.get_object();
}

std::string meta_text(json::object const& object, std::string_view field) {
    auto const* metadata = object.if_contains("metadata");
    auto const* fields = metadata ? metadata->if_object() : nullptr;
    auto const* value = fields ? fields->if_contains(field) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool is_terminating(json::object const& object) {
    return !meta_text(object, "deletionTimestamp").empty();
}

std::vector<std::string> finalizers_of(json::object const& object) {
    std::vector<std::string> names;
    auto const* list = at_path(object, "metadata.finalizers");
    if (!list || !list->is_array()) return names;
    for (auto const& name : list->get_array()) {
        if (name.is_string()) names.emplace_back(std::string_view(name.get_string()));
    }
    return names;
}

bool has_finalizer(json::object const& object, std::string_view finalizer) {
    auto const names = finalizers_of(object);
    return std::ranges::find(names, finalizer) != names.end();
}

void add_finalizer(json::object& object, std::string_view finalizer) {
    if (has_finalizer(object, finalizer)) return;
    auto& list = metadata_of(object)["finalizers"];
    if (!list.is_array()) list = json::array{};
    list.get_array().emplace_back(finalizer);
}

void remove_finalizer(json::object& object, std::string_view finalizer) {
    json::array kept;
    for (auto const& name : finalizers_of(object)) {
        if (name != finalizer) kept.emplace_back(name);
    }
    auto& metadata = metadata_of(object);
    if (kept.empty()) {
        metadata.erase("finalizers");
    } else {
        metadata["finalizers"] = std::move(kept);
    }
}

std::string timestamp(WallTime time) {
    return fmt::format(
        "{:%Y-%m-%dT%H:%M:%SZ}",
        fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time))));
}

std::vector<Cause> metadata_mistakes(Kind const& kind, json::object const& object) {
    std::vector<Cause> causes;
    auto const name = meta_text(object, "name");
    if (name.empty()) {
        causes.push_back(required_value("metadata.name", "name or generateName is required"));
    } else {
        check_name(kind.name_rule, name, causes);
    }
    auto const* labels = at_path(object, "metadata.labels");
    if (labels && labels->is_object()) check_labels(labels->get_object(), causes);
    return causes;
}

std::vector<Cause> carry_metadata(json::object const& before, json::object& after) {
    std::vector<Cause> causes;
    auto& metadata = metadata_of(after);
    if (auto const given = meta_text(after, "uid"); given.empty()) {
        metadata["uid"] = meta_text(before, "uid");
    } else if (given != meta_text(before, "uid")) {
        causes.push_back(invalid_value("metadata.uid", given, "field is immutable"));
    }
    for (auto const* field : {"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"}) {
        if (auto const* old = at_path(before, std::string("metadata.") + field)) {
            metadata[field] = *old;
        } else {
            metadata.erase(field);
        }
    }
    if (is_terminating(before)) {
        std::string added;
        for (auto const& finalizer : finalizers_of(after)) {
            if (!has_finalizer(before, finalizer)) {
                fmt::format_to(std::back_inserter(added), "{}\"{}\"", added.empty() ? "" : ", ", finalizer);
            }
        }
        if (!added.empty()) {
            causes.push_back(forbidden_value(
                "metadata.finalizers",
                fmt::format("no new finalizers can be added if the object is being deleted, found new finalizers "
                            "[]string{{{}}}",
                            added)));
        }
    }
    return causes;
}

}  // namespace vedette::kube::fake
