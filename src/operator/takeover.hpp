#pragma once
// Who else acts on the HealthChecks: keikoproj's active-monitor, which knows nothing of leases by default, and whose
// Workflows carry no label of ours.

#include "operator/views.hpp"

#include <map>

namespace vedette::op {

/// A Workflow that a HealthCheck owns, that has not ended, and that is not of our making.
struct ForeignWorkflow {
    std::string check;         ///< "namespace/name"
    CurrentWorkflow workflow;  ///< run.number 0
    bool explained = false;    ///< its name begins as one of the check's generateNames
};

class Others {
public:
    /// "namespace/name" of Deployments activemonitor-controller that are not ours and have a replica.
    std::vector<std::string> controllers;
    std::string unseen;  ///< why Deployments could not be listed: there may be others; empty: they were
    std::map<std::string, std::vector<ForeignWorkflow>> workflows;  ///< by the UID of the HealthCheck

    /// Why acting now would be two operators on one check; nothing if we are alone.
    std::optional<std::string> refusal() const;
    /// What can be adopted: one Workflow a check, by UID.
    std::map<std::string, CurrentWorkflow> in_flight() const;
};

struct FindDeadlines {
    Deadline controllers;
    Deadline workflows;  ///< of all namespaces, whosever they are: there may be many pages of them
};

/// Two lists, of metadata where that is enough, without the Workflows that Argo calls completed. `checks` is in sync.
/// No Deployments or Workflows served, or no right to list Deployments (`unseen`): nobody is there. Errors: those of
/// Client::list.
Task<Others> find_others(kube::Client client, CheckInformer const& checks, FindDeadlines deadlines);

}  // namespace vedette::op
