#pragma once
// What the operator keeps of the objects it watches.

#include "kube/informer.hpp"
#include "operator/health_check.hpp"
#include "operator/workflow.hpp"

#include <memory>

namespace vedette::op {

kube::Resource health_check_resource();
kube::Resource workflow_resource();

struct SeenCheck {
    HealthCheck check;
    std::vector<Problem> problems;
};
/// Shared: the informer's copy is the only one until a machine takes its own.
using SeenCheckPtr = std::shared_ptr<SeenCheck const>;
/// The problems are those of reading and of validate().
SeenCheckPtr see_check(kube::Object const& object);

/// A Workflow that carries our label.
struct SeenWorkflow {
    std::string ns;
    std::string name;
    std::string uid;
    std::string check_uid;       ///< of its HealthCheck, by its label
    std::string annotated_uid;   ///< the same by its annotation
    std::string controller_uid;  ///< of its controller owner, whose end Kubernetes makes its own; empty: none
    std::string check_key;       ///< "namespace/name" of the HealthCheck; empty: not told
    std::optional<RunId> run;
    WallTime created{};
    WorkflowState state;

    /// It was made for `check`: label, annotation and, where there can be one, owner agree.
    bool is_of(HealthCheck const& check) const;
    /// The namespace of its HealthCheck; empty: not told.
    std::string_view check_ns() const;
    /// As an in-flight Workflow of a run that no status speaks of.
    CurrentWorkflow current() const;
};
/// Nothing for an object without our label.
std::optional<SeenWorkflow> see_workflow(kube::Object const& object);

/// Which fields of a Workflow see_workflow() reads.
kube::Projection workflow_projection();

using CheckInformer = kube::Informer<SeenCheckPtr>;
using WorkflowInformer = kube::Informer<SeenWorkflow>;

}  // namespace vedette::op
