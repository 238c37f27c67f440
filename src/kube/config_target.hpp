#pragma once
// From a merged kubeconfig and a choice of context to a Target: which combinations of fields are usable, and the
// files they name.

#include "base/files.hpp"
#include "kube/kubeconfig.hpp"

namespace vedette::kube {

/// `origin` names the files for messages. Errors: invalid_input, not_found, denied; see load_target.
Result<Target> target_of(Kubeconfig const& config, std::string const& context, std::string const& origin, Files& files);

}  // namespace vedette::kube
