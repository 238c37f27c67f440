#include "check/objects/meta.hpp"

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "base/utf8.hpp"

#include <algorithm>

namespace vedette::check {

std::string clip(std::string_view text, std::size_t limit) {
    std::string line;
    auto const cut = text.size() > limit;
    auto const room = cut ? limit - std::min<std::size_t>(limit, 3) : text.size();
    for (std::string_view rest = text; !rest.empty();) {
        auto const point = first_code_point(rest);
        if (line.size() + point.length > room) break;
        if (point.value < 0x20 || point.value == 0x7f) {
            if (!line.empty() && line.back() != ' ') line += ' ';
        } else {
            line.append(rest.substr(0, point.length));
        }
        rest.remove_prefix(point.length);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (cut) line += "...";
    return line;
}

Meta Meta::from(boost::json::object const& object) {
    Meta meta;
    meta.ns = get_string(object, "metadata.namespace");
    meta.name = get_string(object, "metadata.name");
    meta.created = time_at(object, "metadata.creationTimestamp");
    meta.deleted = time_at(object, "metadata.deletionTimestamp");
    if (auto const* owners = find(object, "metadata.ownerReferences"); owners && owners->is_array()) {
        for (auto const& owner : owners->get_array()) {
            if (!get_bool(owner, "controller", false)) continue;
            meta.owner_kind = get_string(owner, "kind");
            meta.owner_name = get_string(owner, "name");
        }
    }
    if (auto const* found = find(object, "metadata.labels"); found && found->is_object()) {
        for (auto const& [key, value] : found->get_object()) {
            if (value.is_string()) meta.labels.emplace_back(key, value.get_string());
        }
    }
    return meta;
}

std::string const* Meta::label(std::string_view key) const {
    for (auto const& [label_key, value] : labels) {
        if (label_key == key) return &value;
    }
    return nullptr;
}

std::vector<Condition> conditions_of(boost::json::object const& object, std::string_view path) {
    std::vector<Condition> result;
    auto const* conditions = find(object, path);
    if (!conditions || !conditions->is_array()) return result;
    for (auto const& item : conditions->get_array()) {
        if (!item.is_object()) continue;
        auto const& condition = item.get_object();
        result.push_back({get_string(condition, "type"), get_string(condition, "status"),
                          get_string(condition, "reason"), clip(get_string(condition, "message")),
                          time_at(condition, "lastTransitionTime")});
    }
    return result;
}

Condition const* find_condition(std::vector<Condition> const& conditions, std::string_view type) {
    for (auto const& condition : conditions) {
        if (condition.type == type) return &condition;
    }
    return nullptr;
}

std::optional<WallTime> time_at(boost::json::object const& object, std::string_view path) {
    auto const text = get_string(object, path);
    if (text.empty()) return std::nullopt;
    auto const parsed = parse_rfc3339(text);
    return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace vedette::check
