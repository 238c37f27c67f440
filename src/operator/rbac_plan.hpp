#pragma once
// What is to be done about the RBAC objects of one service account: what is needed against what is there. Pure.
//
// Whose an object is decides what may be done to it:
//   ours        label and annotation: repaired, narrowed, deleted once nobody needs it
//   reference's label alone: completed and annotated as ours; where it allows more than is needed it stays as it is and
//               is reported, until --rbac-adopt=narrow
//   foreign     no label: never touched; whether it allows enough is reported

#include "kube/resource.hpp"
#include "operator/rbac.hpp"

#include <map>
#include <tuple>

namespace vedette::op {

enum class RbacMode {
    manage,
    verify,  ///< changes nothing, says what is missing
    off,
};

struct RbacKey {
    std::string kind;
    std::string ns;
    std::string name;

    auto operator<=>(RbacKey const&) const = default;
};
RbacKey key_of(RbacObject const& object);
/// "Role shop/web-ns-role", "ClusterRole web-cluster-role".
std::string to_string(RbacKey const& key);
/// The five kinds of RbacObject, in the order of creation.
std::vector<kube::Resource> const& rbac_resources();
kube::Resource const& rbac_resource(std::string_view kind);

struct RbacSubject {
    std::string kind;
    std::string api_group;
    std::string ns;  ///< of a RoleBinding's ServiceAccount never empty: it is the binding's own if absent
    std::string name;

    auto operator<=>(RbacSubject const&) const = default;
};

/// An object that exists, as far as it matters here.
struct FoundRbac {
    RbacKey key;
    std::string uid;
    std::string resource_version;
    bool labelled = false;
    bool annotated = false;
    bool terminating = false;
    std::vector<PolicyRule> rules;
    std::vector<RbacSubject> subjects;
    std::string role_kind;  ///< of roleRef
    std::string role_name;

    bool ours() const { return labelled && annotated; }
    bool operator==(FoundRbac const&) const = default;
};
/// Never fails: members of a wrong type count as absent. `kind` because the objects of a list do not name theirs.
FoundRbac found_rbac(std::string_view kind, boost::json::object const& object);

struct RbacPlanOptions {
    RbacMode mode = RbacMode::manage;
    bool narrow = false;    ///< --rbac-adopt=narrow
    bool complete = false;  ///< `needed` is all that is needed; until it is, rights are added and none taken away
};

struct RbacAction {
    enum class Kind { create, patch, remove };
    Kind kind = Kind::create;
    RbacKey key;
    boost::json::object body;  ///< the object, or a merge patch with the version it was computed from
    std::string uid;           ///< of what is patched or removed
    std::string resource_version;
    /// Without it the check cannot run as its spec says. Otherwise things stay as they were under the reference.
    bool required = true;
    bool unneeded = false;  ///< a removal because nobody needs it, which may wait
};
std::string_view to_string(RbacAction::Kind kind);

struct RbacPlan {
    std::vector<RbacAction> actions;  ///< in this order
    std::vector<RbacNote> notes;      ///< RBACWiderThanNeeded, RBACNarrowerThanNeeded, RBACMissing
    std::optional<RbacNote> blocked;  ///< why a run may not begin
};

/// `found` holds what is there of `needed`, and further objects of ours for the same account.
RbacPlan plan_rbac(std::vector<RbacObject> const& needed, std::map<RbacKey, FoundRbac> const& found,
                   RbacPlanOptions options);

}  // namespace vedette::op
