#pragma once
// Scope: which objects a check looks at.

#include "check/objects/meta.hpp"
#include "check/params.hpp"
#include "kube/label_selector.hpp"

#include <optional>

namespace vedette::check {

/// A check's namespaces, exclusions and selector, read once and asked about every object. Lifetime: `params` outlives
/// it and does not change.
class Scope {
public:
    explicit Scope(Params const& params);

    /// Cluster-scoped objects have no namespace to be left out by, and are excluded by their bare name.
    bool covers(Meta const& meta, bool namespaced) const;

private:
    Params const& params_;
    std::optional<kube::LabelSelector> selector_;
};

}  // namespace vedette::check
