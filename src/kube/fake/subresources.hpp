#pragma once
// Subresources with documents of their own: scale, eviction, binding.

#include "kube/fake/service.hpp"

namespace vedette::kube::fake {

/// The autoscaling/v1 Scale of a workload.
Object scale_of(Object const& workload);
/// A patch of the Scale, as a change of the workload.
Writer::Change scale_change(Writer::Change change);
/// A Scale put in place of the present one, as a change of the workload.
Writer::Change replicas_change(Object scale);

/// Deletes the pod; no disruption budget is asked.
Answer<Response> evict(Writer& writer, Place place, Object const& eviction);
/// Gives the pod a node, once (409 later).
Answer<Response> bind(Writer& writer, Place place, Object const& binding);

}  // namespace vedette::kube::fake
