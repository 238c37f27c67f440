#pragma once
#include "kube/target.hpp"

namespace vedette::kube {

/// Whether the certificates and the key of `target` can be read and belong together, so that a broken kubeconfig is
/// told apart from a broken cluster before anything is connected. Errors: invalid_input; no text repeats any of them.
Result<void> check_target(Target const& target);

}  // namespace vedette::kube
