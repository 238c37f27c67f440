#pragma once
// From a request's path and method to what it asks for. https://kubernetes.io/docs/reference/using-api/api-concepts/

#include "kube/fake/kinds.hpp"
#include "kube/fake/refusal.hpp"

namespace vedette::kube::fake {

enum class Verb { get, list, watch, create, update, patch, remove, remove_collection };

/// As RBAC spells it.
std::string_view to_string(Verb verb);

struct Call {
    Verb verb;
    Kind const* kind;
    std::string ns;
    std::string name;
    std::string subresource;

    /// For authorization: the plural is "pods/status" where a subresource is meant.
    Resource resource() const;
};

/// The first value of a query parameter; empty if absent.
std::string query_value(Request const& request, std::string_view name);
/// Absent is false; a name without a value, "true" and "1" are true.
bool query_flag(Request const& request, std::string_view name);

/// Refuses with 404 and 405. Nothing if the path belongs to no group and version that is served.
std::optional<Answer<Call>> route(Kinds const& kinds, Request const& request);

}  // namespace vedette::kube::fake
