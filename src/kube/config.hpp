#pragma once
// Where a Target comes from: --kubeconfig, KUBECONFIG (several files, merged as client-go merges them), the default
// file, or the pod we run in. https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/

#include "base/error.hpp"
#include "base/files.hpp"
#include "kube/target.hpp"

#include <functional>
#include <optional>
#include <string>

namespace vedette::kube {

struct ConfigOptions {
    std::string kubeconfig;  ///< --kubeconfig; empty: KUBECONFIG, then ~/.kube/config, then in-cluster
    std::string context;     ///< --context; empty: current-context
    std::function<std::optional<std::string>(std::string)> environment;  ///< looks a variable up
};

/// In a pod, a ca.crt that is absent leaves the trust to the system; one that cannot be read or is empty is an error.
/// Errors (before any connection): not_found, denied, invalid_input with file, line and column where there is one;
/// an unknown context names the nearest known ones. Never repeats a secret.
Result<Target> load_target(ConfigOptions const& options, Files& files);

}  // namespace vedette::kube
