#pragma once
// spec.checks: instances of our own catalogue, as a suite file has them, that the operator runs by itself without a
// Workflow. Whoever may write a HealthCheck decides what runs inside the operator, so not everything may: object
// checks, which read as the service account that the HealthCheck names, and http, tcp and dns, which pass the
// operator's address policy. No programs, no files, no environment variables, no Secrets. Pure.

#include "check/instance.hpp"
#include "operator/health_check.hpp"

#include <map>

namespace vedette::op {

inline constexpr std::size_t max_native_checks = 64;
/// JSON values in spec.checks, at most.
inline constexpr std::size_t max_native_values = 4096;
/// Bytes of an answer that an http check may ask to read, at most.
inline constexpr std::int64_t max_native_answer = 1 << 20;

struct NativeChecks {
    std::vector<check::Instance> instances;  ///< what can run, in order, with unique names
    std::vector<Problem> problems;           ///< fields such as spec.checks[1].with.port
};

/// Reads spec.checks with the suite's own reader. `${NAME}` means nothing here: it stays as it is written.
NativeChecks read_native_checks(HealthCheck const& check);

/// What validate() cannot tell from the spec alone: the problems of read_native_checks; none without spec.checks.
std::vector<Problem> validate_checks(HealthCheck const& check);

/// --namespace of the run: level namespace sees its own namespace and nothing else. Empty: the whole cluster.
std::vector<std::string> native_namespaces(HealthCheck const& check);

/// Whether any of them reads from the API server, and so needs spec.serviceAccountName.
bool reads_objects(std::vector<check::Instance> const& instances);

/// The rights that the service account needs for these checks, exactly, by namespace; "": in the whole cluster.
/// Derived as `vedette checks rbac` does.
std::map<std::string, std::vector<PolicyRule>> rights_for_checks(HealthCheck const& check);

/// The same as one list, wherever the rights are needed.
std::vector<PolicyRule> rules_for_checks(HealthCheck const& check);

}  // namespace vedette::op
