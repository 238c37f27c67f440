#pragma once
// Which kinds the server serves, and in what they differ: the registry that routes, writes, lists and discovery read.

#include "kube/fake/api_server.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vedette::kube::fake {

/// How a kind's names are checked.
enum class NameRule { subdomain, label, path_segment };

/// A field that a selector may ask for, and what an absent one reads as.
struct SelectableField {
    std::string path;       ///< "spec.nodeName"
    std::string otherwise;  ///< "" or "false", "0"
};

/// A registration with the traits that the real server's strategies give to a kind.
struct Kind {
    Registration registration;
    bool custom = true;                 ///< a CRD: list items keep kind and apiVersion
    bool generation = true;             ///< metadata.generation counts spec changes
    bool unconditional_update = false;  ///< PUT without resourceVersion overwrites
    bool keeps_status_on_create = false;
    bool answers_deletion_with_object = false;
    bool orphans_by_default = false;
    bool scale_subresource = false;
    bool review = false;  ///< answers a question; stores nothing
    NameRule name_rule = NameRule::subdomain;
    std::vector<SelectableField> fields;

    Resource const& resource() const { return registration.resource; }
    /// Where its objects are kept: versions of one kind share a collection.
    std::string collection() const { return resource().qualified(); }
};

class Kinds {
public:
    /// Registers the built-in ones.
    Kinds();

    /// Replaces a kind of the same group, version and plural.
    void add(Kind kind);
    Kind const* find(std::string_view group, std::string_view version, std::string_view plural) const;
    Kind const* by_kind(std::string_view api_version, std::string_view kind) const;
    /// Any version of the collection.
    Kind const* by_collection(std::string_view collection) const;
    bool serves(std::string_view group, std::string_view version) const;

    /// Group -> versions, in order; "" is the core group.
    std::map<std::string, std::vector<std::string>> groups() const;
    std::vector<Kind const*> of(std::string_view group, std::string_view version) const;

private:
    std::vector<Kind> kinds_;  // in order of registration, which discovery shows
};

std::vector<Kind> built_in_kinds();

}  // namespace vedette::kube::fake
