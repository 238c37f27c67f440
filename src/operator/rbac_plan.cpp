// Rights are compared by what they allow, never as text: an object that says the same in other words is left alone.

#include "operator/rbac_plan.hpp"

#include "base/ensure.hpp"
#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace vedette::op {
namespace {

namespace json = boost::json;

using Subjects = std::set<RbacSubject>;

std::string member(json::object const& object, std::string_view parent, std::string_view key) {
    // The keys of labels hold dots, so no dotted path reaches them.
    auto const* members = find(object, parent);
    if (!members || !members->is_object()) return {};
    auto const* value = members->get_object().if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::vector<RbacSubject> read_subjects(json::object const& object, RbacKey const& key) {
    std::vector<RbacSubject> subjects;
    auto const* list = find(object, "subjects");
    if (!list || !list->is_array()) return subjects;
    for (auto const& item : list->get_array()) {
        RbacSubject subject{get_string(item, "kind"), get_string(item, "apiGroup"), get_string(item, "namespace"),
                            get_string(item, "name")};
        if (subject.kind == "ServiceAccount" && subject.ns.empty()) subject.ns = key.ns;
        subjects.push_back(std::move(subject));
    }
    return subjects;
}

json::array subjects_object(Subjects const& subjects, RbacKey const& binding) {
    json::array array;
    for (auto const& subject : subjects) {
        json::object object{{"kind", subject.kind}, {"name", subject.name}};
        if (!subject.api_group.empty()) object["apiGroup"] = subject.api_group;
        bool const own = !binding.ns.empty() && subject.ns == binding.ns;
        if (!subject.ns.empty() && !own) object["namespace"] = subject.ns;
        array.push_back(std::move(object));
    }
    return array;
}

Subjects minus(Subjects const& all, Subjects const& without) {
    Subjects rest;
    std::set_difference(all.begin(), all.end(), without.begin(), without.end(), std::inserter(rest, rest.end()));
    return rest;
}

std::vector<std::string> lines_of(Subjects const& subjects) {
    std::vector<std::string> lines;
    for (auto const& subject : subjects) {
        lines.push_back(subject.ns.empty() ? fmt::format("{} {}", subject.kind, subject.name)
                                           : fmt::format("{} {}/{}", subject.kind, subject.ns, subject.name));
    }
    return lines;
}

bool is_role(std::string_view kind) {
    return kind == "Role" || kind == "ClusterRole";
}

bool is_binding(std::string_view kind) {
    return kind == "RoleBinding" || kind == "ClusterRoleBinding";
}

// What is there against what is needed.
struct Difference {
    std::vector<std::string> missing;
    std::vector<std::string> beyond;
    bool other_role = false;
};

class Planner {
public:
    explicit Planner(RbacPlanOptions options) : options_(options) {}

    void need(RbacObject const& wanted, FoundRbac const* there) {
        if (!there) return absent(wanted);
        if (there->terminating && options_.mode == RbacMode::manage) {
            return block("RBACTerminating",
                         fmt::format("{} is being deleted; waiting until it is gone", to_string(there->key)));
        }
        if (!there->labelled || options_.mode == RbacMode::verify) return judge(wanted, *there);
        if (there->annotated) return repair(wanted, *there);
        adopt(wanted, *there);
    }

    void unneeded(FoundRbac const& there) {
        if (!there.ours() || there.terminating || !options_.complete || options_.mode != RbacMode::manage) return;
        remove(there);
        plan_.actions.back().unneeded = true;
    }

    RbacPlan take() { return std::move(plan_); }

private:
    void absent(RbacObject const& wanted) {
        if (options_.mode == RbacMode::manage) {
            plan_.actions.push_back({.kind = RbacAction::Kind::create, .key = key_of(wanted), .body = wanted.object});
            return;
        }
        auto const name = to_string(key_of(wanted));
        if (wanted.kind == "ServiceAccount") {
            return block("RBACMissing",
                         fmt::format("{} does not exist and --rbac=verify creates nothing; create it", name));
        }
        note("RBACMissing", fmt::format("{} does not exist and --rbac=verify creates nothing; create it, or say "
                                        "--rbac=off if other objects grant the same",
                                        name));
    }

    Difference compare(RbacObject const& wanted, FoundRbac const& there) const {
        Difference difference;
        if (is_role(wanted.kind)) {
            difference.missing = missing_rights(wanted.rules, there.rules);
            difference.beyond = missing_rights(there.rules, wanted.rules);
        } else if (is_binding(wanted.kind)) {
            Subjects const needed = subjects_of(wanted);
            Subjects const held(there.subjects.begin(), there.subjects.end());
            difference.missing = lines_of(minus(needed, held));
            difference.beyond = lines_of(minus(held, needed));
            difference.other_role = get_string(wanted.object, "roleRef.kind") != there.role_kind ||
                                    get_string(wanted.object, "roleRef.name") != there.role_name;
        }
        return difference;
    }

    // Not ours to change.
    void judge(RbacObject const& wanted, FoundRbac const& there) {
        auto const difference = compare(wanted, there);
        auto const name = to_string(there.key);
        if (difference.other_role) {
            note("RBACNarrowerThanNeeded",
                 fmt::format("{} refers to {} {} instead of {}, so what it grants is not known", name, there.role_kind,
                             there.role_name, get_string(wanted.object, "roleRef.name")));
        }
        if (!difference.missing.empty()) {
            note("RBACNarrowerThanNeeded",
                 fmt::format("{} was not made by this operator, is left as it is, and lacks {}", name,
                             some_of(difference.missing)));
        }
        if (there.labelled && options_.complete && !difference.beyond.empty()) note_wider(there, difference);
    }

    void repair(RbacObject const& wanted, FoundRbac const& there) {
        auto const difference = compare(wanted, there);
        if (difference.other_role) {  // roleRef is immutable
            remove(there);
            plan_.actions.push_back({.kind = RbacAction::Kind::create, .key = there.key, .body = wanted.object});
            return;
        }
        bool const too_wide = options_.complete && !difference.beyond.empty();
        if (difference.missing.empty() && !too_wide) return;
        patch(there, content(wanted, there, options_.complete), true);
    }

    void adopt(RbacObject const& wanted, FoundRbac const& there) {
        auto const difference = compare(wanted, there);
        if (difference.other_role) return judge(wanted, there);
        bool const wider = !difference.beyond.empty();
        bool const keeps_more = wider && !options_.narrow;
        if (!options_.complete || keeps_more) {
            // What it allows beyond the needs stays, and so it does not become ours.
            if (options_.complete) note_wider(there, difference);
            if (!difference.missing.empty()) patch(there, content(wanted, there, false), false);
            return;
        }
        json::object body{{"metadata", {{"annotations", {{managed_annotation, "true"}}}}}};
        if (wider || !difference.missing.empty()) {
            for (auto& part : content(wanted, there, true)) body[part.key()] = part.value();
        }
        patch(there, std::move(body), false);
    }

    // The part of a patch that sets rules or subjects; without `exact`, what is there stays as well.
    static json::object content(RbacObject const& wanted, FoundRbac const& there, bool exact) {
        if (is_role(wanted.kind)) {
            auto rules = exact ? std::vector<PolicyRule>{} : there.rules;
            for (auto const& rule : wanted.rules) {
                if (exact || !missing_rights({rule}, there.rules).empty()) rules.push_back(rule);
            }
            return {{"rules", rules_object(rules)}};
        }
        if (!is_binding(wanted.kind)) return {};
        auto subjects = subjects_of(wanted);
        if (!exact) subjects.insert(there.subjects.begin(), there.subjects.end());
        return {{"subjects", subjects_object(subjects, there.key)}};
    }

    static Subjects subjects_of(RbacObject const& wanted) {
        auto const list = read_subjects(wanted.object, key_of(wanted));
        return {list.begin(), list.end()};
    }

    void patch(FoundRbac const& there, json::object body, bool required) {
        auto& metadata = body["metadata"];
        if (!metadata.is_object()) metadata = json::object{};
        metadata.get_object()["resourceVersion"] = there.resource_version;
        plan_.actions.push_back({.kind = RbacAction::Kind::patch,
                                 .key = there.key,
                                 .body = std::move(body),
                                 .uid = there.uid,
                                 .resource_version = there.resource_version,
                                 .required = required});
    }

    void remove(FoundRbac const& there) {
        plan_.actions.push_back({.kind = RbacAction::Kind::remove,
                                 .key = there.key,
                                 .uid = there.uid,
                                 .resource_version = there.resource_version});
    }

    void note_wider(FoundRbac const& there, Difference const& difference) {
        note("RBACWiderThanNeeded", fmt::format("{} allows more than its HealthChecks need: {}; it stays until "
                                                "--rbac-adopt=narrow",
                                                to_string(there.key), some_of(difference.beyond)));
    }

    void note(std::string reason, std::string message) {
        plan_.notes.push_back({std::move(reason), std::move(message)});
    }
    void block(std::string reason, std::string message) {
        if (!plan_.blocked) plan_.blocked = RbacNote{std::move(reason), std::move(message)};
    }

    RbacPlanOptions options_;
    RbacPlan plan_;
};

}  // namespace

RbacKey key_of(RbacObject const& object) {
    return {object.kind, object.ns, object.name};
}

std::string to_string(RbacKey const& key) {
    return key.ns.empty() ? fmt::format("{} {}", key.kind, key.name)
                          : fmt::format("{} {}/{}", key.kind, key.ns, key.name);
}

std::vector<kube::Resource> const& rbac_resources() {
    static std::string const group = "rbac.authorization.k8s.io";
    static std::vector<kube::Resource> const resources = {
        {"", "v1", "serviceaccounts", "ServiceAccount", true},
        {group, "v1", "clusterroles", "ClusterRole", false},
        {group, "v1", "roles", "Role", true},
        {group, "v1", "clusterrolebindings", "ClusterRoleBinding", false},
        {group, "v1", "rolebindings", "RoleBinding", true},
    };
    return resources;
}

kube::Resource const& rbac_resource(std::string_view kind) {
    auto const& all = rbac_resources();
    auto const found = std::find_if(all.begin(), all.end(), [&](auto const& each) { return each.kind == kind; });
    ensure(found != all.end(), "an RbacObject is of one of the five kinds");
    return *found;
}

FoundRbac found_rbac(std::string_view kind, json::object const& object) {
    FoundRbac found{
        .key = {std::string(kind), get_string(object, "metadata.namespace"), get_string(object, "metadata.name")},
        .uid = get_string(object, "metadata.uid"),
        .resource_version = get_string(object, "metadata.resourceVersion"),
        .labelled = member(object, "metadata.labels", managed_by_label) == managed_by_value,
        .annotated = member(object, "metadata.annotations", managed_annotation) == "true",
        .terminating = !get_string(object, "metadata.deletionTimestamp").empty()};
    if (is_role(kind)) found.rules = read_rules(find(object, "rules"));
    if (!is_binding(kind)) return found;
    found.subjects = read_subjects(object, found.key);
    found.role_kind = get_string(object, "roleRef.kind");
    found.role_name = get_string(object, "roleRef.name");
    return found;
}

std::string_view to_string(RbacAction::Kind kind) {
    switch (kind) {
        case RbacAction::Kind::create:
            return "create";
        case RbacAction::Kind::patch:
            return "patch";
        case RbacAction::Kind::remove:
            return "delete";
    }
    return "";
}

RbacPlan plan_rbac(std::vector<RbacObject> const& needed, std::map<RbacKey, FoundRbac> const& found,
                   RbacPlanOptions options) {
    if (options.mode == RbacMode::off) return {};
    Planner planner(options);
    std::set<RbacKey> keys;
    for (auto const& wanted : needed) {
        auto key = key_of(wanted);
        auto const there = found.find(key);
        planner.need(wanted, there == found.end() ? nullptr : &there->second);
        keys.insert(std::move(key));
    }
    // Bindings first, then roles, then accounts: whatever breaks off half-way leaves no rights behind.
    auto const& kinds = rbac_resources();
    for (auto kind = kinds.rbegin(); kind != kinds.rend(); ++kind) {
        for (auto const& [key, there] : found) {
            if (key.kind == kind->kind && !keys.contains(key)) planner.unneeded(there);
        }
    }
    return planner.take();
}

}  // namespace vedette::op
