// Kubernetes breaks rules down to single (verb, group, resource, name) before it compares them; so do we. Hence a rule
// may be covered by several, each of which holds a part.

#include "operator/rbac_rights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace vedette::op {
namespace {

namespace json = boost::json;
using Texts = std::vector<std::string>;

struct Right {
    std::string_view verb;
    std::string_view group;
    std::string_view resource;
    std::string_view name;  // "": of every name
};

bool holds(Texts const& texts, std::string_view wanted) {
    return std::any_of(texts.begin(), texts.end(), [&](auto const& text) { return text == "*" || text == wanted; });
}

bool holds_name(Texts const& names, std::string_view wanted) {
    return names.empty() || (!wanted.empty() && std::find(names.begin(), names.end(), wanted) != names.end());
}

// A URL may end in a star.
bool holds_url(Texts const& urls, std::string_view wanted) {
    return std::any_of(urls.begin(), urls.end(), [&](std::string_view url) {
        return url == wanted || (url.ends_with('*') && wanted.starts_with(url.substr(0, url.size() - 1)));
    });
}

// Roles that many HealthChecks share have thousands of rules: each right is looked for among those of its resource.
class Held {
public:
    explicit Held(std::vector<PolicyRule> const& rules) {
        for (auto const& rule : rules) {
            for (auto const& resource : rule.resources) by_resource_[resource].push_back(&rule);
            if (!rule.non_resource_urls.empty()) about_urls_.push_back(&rule);
        }
    }

    bool allows(Right const& right) const {
        if (allows(right, right.resource) || allows(right, "*")) return true;
        // "*/scale" stands for that subresource of every resource.
        auto const slash = right.resource.find('/');
        return slash != std::string_view::npos && allows(right, fmt::format("*{}", right.resource.substr(slash)));
    }
    bool allows(std::string_view verb, std::string_view url) const {
        return std::ranges::any_of(about_urls_, [&](PolicyRule const* rule) {
            return holds(rule->verbs, verb) && holds_url(rule->non_resource_urls, url);
        });
    }

private:
    bool allows(Right const& right, std::string_view resource) const {
        auto const found = by_resource_.find(resource);
        return found != by_resource_.end() && std::ranges::any_of(found->second, [&](PolicyRule const* rule) {
                   return holds(rule->verbs, right.verb) && holds(rule->api_groups, right.group) &&
                          holds_name(rule->resource_names, right.name);
               });
    }

    std::unordered_map<std::string_view, std::vector<PolicyRule const*>> by_resource_;
    std::vector<PolicyRule const*> about_urls_;
};

std::string line_of(Right const& right) {
    auto line = fmt::format("{} {}", right.verb, right.resource);
    if (!right.group.empty()) line.append(".").append(right.group);
    if (!right.name.empty()) line += fmt::format(" \"{}\"", right.name);
    return line;
}

void add_missing(std::set<std::string>& missing, PolicyRule const& wanted, Held const& held) {
    static Texts const every_name = {""};
    auto const& names = wanted.resource_names.empty() ? every_name : wanted.resource_names;
    for (auto const& verb : wanted.verbs) {
        for (auto const& url : wanted.non_resource_urls) {
            if (!held.allows(verb, url)) missing.insert(fmt::format("{} {}", verb, url));
        }
        for (auto const& resource : wanted.resources) {
            for (auto const& group : wanted.api_groups) {
                for (auto const& name : names) {
                    Right const right{verb, group, resource, name};
                    if (!held.allows(right)) missing.insert(line_of(right));
                }
            }
        }
    }
}

// Reads `{APIGroups:["a" "b"], Resources:["c"], Verbs:["get"]}`, the form in which refusals name rules.
class RefusedRule {
public:
    explicit RefusedRule(std::string_view text) : text_(text) {}

    PolicyRule read() const {
        return {.api_groups = list("APIGroups:["),
                .resources = list("Resources:["),
                .resource_names = list("ResourceNames:["),
                .non_resource_urls = list("NonResourceURLs:["),
                .verbs = list("Verbs:[")};
    }

private:
    Texts list(std::string_view field) const {
        Texts words;
        auto const found = text_.find(field);
        if (found == std::string_view::npos) return words;
        auto rest = text_.substr(found + field.size());
        rest = rest.substr(0, rest.find(']'));
        while (true) {
            auto const open = rest.find('"');
            if (open == std::string_view::npos) return words;
            auto const close = rest.find('"', open + 1);
            if (close == std::string_view::npos) return words;
            words.emplace_back(rest.substr(open + 1, close - open - 1));
            rest.remove_prefix(close + 1);
        }
    }

    std::string_view text_;
};

json::array strings(Texts const& texts) {
    json::array array;
    for (auto const& text : texts) array.emplace_back(text);
    return array;
}

Texts texts_of(json::object const& rule, std::string_view key) {
    Texts texts;
    auto const* value = rule.if_contains(key);
    if (!value || !value->is_array()) return texts;
    for (auto const& item : value->get_array()) {
        if (item.is_string()) texts.emplace_back(item.get_string());
    }
    return texts;
}

}  // namespace

std::vector<std::string> missing_rights(std::vector<PolicyRule> const& wanted, std::vector<PolicyRule> const& held) {
    std::set<std::string> missing;
    Held const known(held);
    for (auto const& rule : wanted) add_missing(missing, rule, known);
    return {missing.begin(), missing.end()};
}

std::optional<std::string> rule_mistake(PolicyRule const& rule, bool cluster) {
    if (rule.verbs.empty()) return "has no verbs";
    bool const about_resources = !rule.api_groups.empty() || !rule.resources.empty() || !rule.resource_names.empty();
    if (!rule.non_resource_urls.empty()) {
        if (!cluster) return "names nonResourceURLs, which only level cluster can grant";
        if (about_resources) return "names resources and nonResourceURLs; write two rules";
        return std::nullopt;
    }
    if (rule.resources.empty()) return "has no resources";
    if (rule.api_groups.empty()) return "has no apiGroups; the core group is \"\"";
    return std::nullopt;
}

std::vector<std::string> rights_not_held(std::string_view refusal) {
    constexpr std::string_view phrase = "attempting to grant RBAC permissions not currently held:";
    auto const found = refusal.find(phrase);
    if (found == std::string_view::npos) return {};
    auto rest = refusal.substr(found + phrase.size());
    std::vector<PolicyRule> rules;
    while (true) {
        auto const open = rest.find('{');
        if (open == std::string_view::npos) break;
        auto const close = rest.find('}', open);
        if (close == std::string_view::npos) break;
        rules.push_back(RefusedRule(rest.substr(open, close - open)).read());
        rest.remove_prefix(close + 1);
    }
    return missing_rights(rules, {});
}

std::string some_of(std::vector<std::string> const& rights) {
    constexpr std::size_t shown = 5;
    if (rights.size() <= shown) return fmt::format("{}", fmt::join(rights, ", "));
    return fmt::format("{} and {} more", fmt::join(rights.begin(), rights.begin() + shown, ", "),
                       rights.size() - shown);
}

json::array rules_object(std::vector<PolicyRule> const& rules) {
    json::array array;
    for (auto const& rule : rules) {
        json::object object;
        if (!rule.api_groups.empty()) object["apiGroups"] = strings(rule.api_groups);
        if (!rule.resources.empty()) object["resources"] = strings(rule.resources);
        if (!rule.resource_names.empty()) object["resourceNames"] = strings(rule.resource_names);
        if (!rule.non_resource_urls.empty()) object["nonResourceURLs"] = strings(rule.non_resource_urls);
        object["verbs"] = strings(rule.verbs);
        array.push_back(std::move(object));
    }
    return array;
}

std::vector<PolicyRule> read_rules(json::value const* rules) {
    std::vector<PolicyRule> read;
    if (!rules || !rules->is_array()) return read;
    for (auto const& item : rules->get_array()) {
        auto const* rule = item.if_object();
        if (!rule) continue;
        read.push_back({.api_groups = texts_of(*rule, "apiGroups"),
                        .resources = texts_of(*rule, "resources"),
                        .resource_names = texts_of(*rule, "resourceNames"),
                        .non_resource_urls = texts_of(*rule, "nonResourceURLs"),
                        .verbs = texts_of(*rule, "verbs")});
    }
    return read;
}

}  // namespace vedette::op
