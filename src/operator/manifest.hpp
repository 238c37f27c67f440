#pragma once
// HealthChecks in files, as people keep them: YAML or JSON, several documents in one file, other kinds between them.

#include "base/error.hpp"
#include "operator/health_check.hpp"

namespace vedette::op {

struct ManifestCheck {
    HealthCheck check;
    std::vector<Problem> problems;  ///< of reading and validating, unknown fields included
    std::string where;              ///< "file:line" of its document
};

/// The HealthChecks of `text`, in order; `default_namespace` where metadata names none. Lists (kind List,
/// HealthCheckList) are opened. Errors, "source:line:column: what": malformed, too_large; invalid_input for a
/// HealthCheck without a name of any kind.
Result<std::vector<ManifestCheck>> read_manifests(std::string_view text, std::string_view source_name,
                                                  std::string_view default_namespace);

}  // namespace vedette::op
