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
    std::string check_uid;  ///< of its HealthCheck
    std::string check_key;  ///< "namespace/name" of it; empty: not told
    std::optional<RunId> run;
    bool owned = false;  ///< it has a controller owner: Kubernetes collects it
    WallTime created{};
    WorkflowState state;
    boost::json::object outputs;  ///< {"status": {"outputs": ...}} where it has ended with some

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
