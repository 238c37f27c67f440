#pragma once
// HealthChecks in files, as people keep them: YAML or JSON, several documents in one file, other kinds between them.

#include "base/error.hpp"
#include "operator/remedy_policy.hpp"

namespace vedette::op {

struct ManifestCheck {
    HealthCheck check;
    std::vector<Problem> problems;  ///< of reading and validating, unknown fields included
    std::string where;              ///< "file:line" of its document, or of its item in a List
};

/// A ConfigMap that may be the remedy policy.
struct ManifestPolicy {
    std::string ns;
    std::string name;
    RemedyPolicy policy;
    std::vector<Problem> problems;
    std::string where;  ///< likewise
};

/// Something that its author may well take for a HealthCheck or the remedy policy, and nobody else does.
struct UnreadManifest {
    std::string what;     ///< "Healthcheck shop/dns"
    std::string message;  ///< "kind Healthcheck of ... is not read; did you mean kind: HealthCheck?"
    std::string where;    ///< "file:line"
};

struct Manifests {
    std::vector<ManifestCheck> checks;
    std::vector<ManifestPolicy> policies;
    std::vector<UnreadManifest> unread;
    std::vector<std::string> other_kinds;  ///< "Deployment of apps/v1": all that is no HealthCheck, each once
};

/// Bytes of a file, and of a document in it: as much as an etcd would hold of them.
inline constexpr std::size_t manifest_limit = 64u << 20;

/// The HealthChecks of `text`, and the ConfigMaps that have the policy's name, in order; `default_namespace` where
/// metadata names none. Lists (kind List, HealthCheckList) are opened. Errors, "source:line:column: what": malformed;
/// too_large for a document past `manifest_limit` or past what parse_yaml() takes of nodes and depth; invalid_input for
/// a HealthCheck without a name of any kind.
Result<Manifests> read_manifests(std::string_view text, std::string_view source_name,
                                 std::string_view default_namespace, std::string_view policy_name = remedy_policy_name);

}  // namespace vedette::op
