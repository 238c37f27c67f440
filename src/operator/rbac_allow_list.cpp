// A list of a security policy is read strictly: a key that is not known is an error, lest a slip of the pen allow more
// than was meant.

#include "operator/rbac_allow_list.hpp"

#include "base/yaml.hpp"
#include "operator/rbac_rights.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace vedette::op {
namespace {

using Texts = std::vector<std::string>;

Result<void> only(YamlNode const& node, Texts const& known, std::string_view what) {
    if (!node.is_mapping()) {
        return fail(Errc::invalid_input, "{}: {} is a mapping, not {}", node.where(), what, to_string(node.kind));
    }
    for (auto const& entry : node.entries) {
        if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
        return fail(Errc::invalid_input, "{}: {} has no key {}; its keys are {}", entry.where(), what, entry.key,
                    fmt::join(known, ", "));
    }
    return {};
}

Result<Texts> texts(YamlNode const& node, std::string_view key) {
    Texts read;
    auto const* list = node.find(key);
    if (!list || list->is_null()) return read;
    if (!list->is_sequence()) {
        return fail(Errc::invalid_input, "{}: {} is a list of strings, not {}", list->where(), key,
                    to_string(list->kind));
    }
    for (auto const& item : list->items) {
        auto const text = item.if_string();
        if (!text) {
            return fail(Errc::invalid_input, "{}: {} is a list of strings; quote this one", item.where(), key);
        }
        read.emplace_back(*text);
    }
    return read;
}

Result<PolicyRule> rule_of(YamlNode const& node) {
    static Texts const keys = {"apiGroups", "resources", "resourceNames", "nonResourceURLs", "verbs"};
    if (auto known = only(node, keys, "a rule"); !known) return pass(known);
    PolicyRule rule;
    auto const members = {&rule.api_groups, &rule.resources, &rule.resource_names, &rule.non_resource_urls,
                          &rule.verbs};
    auto key = keys.begin();
    for (auto* const member : members) {
        auto read = texts(node, *key++);
        if (!read) return pass(read);
        *member = std::move(*read);
    }
    if (auto const mistake = rule_mistake(rule, true)) {
        return fail(Errc::invalid_input, "{}: the rule {}", node.where(), *mistake);
    }
    return rule;
}

Result<void> read_levels(YamlNode const& root, RbacAllowList& list) {
    auto const* levels = root.find("levels");
    if (!levels) return {};
    auto const words = texts(root, "levels");
    if (!words) return std::unexpected(words.error());
    list.cluster_level = list.namespace_level = false;
    for (auto const& word : *words) {
        if (word == "cluster") {
            list.cluster_level = true;
        } else if (word == "namespace") {
            list.namespace_level = true;
        } else {
            return fail(Errc::invalid_input, "{}: a level is cluster or namespace, not {}", levels->where(), word);
        }
    }
    return {};
}

}  // namespace

Result<RbacAllowList> parse_rbac_allow_list(std::string_view text, std::string_view source_name) {
    auto root = parse_yaml(text, source_name);
    if (!root) return pass(root);
    if (auto known = only(*root, {"levels", "rules"}, "the allow-list"); !known) return pass(known);
    RbacAllowList list{.source = std::string(source_name)};
    if (auto levels = read_levels(*root, list); !levels) return pass(levels);
    auto const* rules = root->find("rules");
    if (!rules || rules->is_null()) return list;
    if (!rules->is_sequence()) {
        return fail(Errc::invalid_input, "{}: rules is a list, not {}", rules->where(), to_string(rules->kind));
    }
    for (auto const& item : rules->items) {
        auto rule = rule_of(item);
        if (!rule) return pass(rule);
        list.rules.push_back(std::move(*rule));
    }
    return list;
}

std::optional<std::string> refusal(RbacAllowList const& list, Level level) {
    bool const allowed = level == Level::cluster ? list.cluster_level : list.namespace_level;
    if (allowed || level == Level::none) return std::nullopt;
    return fmt::format("level {} is not allowed by the operator's allow-list ({}), which allows {}",
                       level == Level::cluster ? "cluster" : "namespace", list.source,
                       list.cluster_level     ? "level cluster"
                       : list.namespace_level ? "level namespace"
                                              : "none");
}

std::optional<std::string> refusal(RbacAllowList const& list, std::string_view field,
                                   std::vector<PolicyRule> const& rules) {
    auto const outside = missing_rights(rules, list.rules);
    if (outside.empty()) return std::nullopt;
    return fmt::format("{} asks for {}, which the operator's allow-list ({}) does not hold", field, some_of(outside),
                       list.source);
}

}  // namespace vedette::op
