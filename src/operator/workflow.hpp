#pragma once
// The Workflow of one run: metadata.labels and spec of the source text, everything else ours. Pure.

#include "base/error.hpp"
#include "operator/booking.hpp"

namespace vedette::op {

inline constexpr std::string_view uid_label = "activemonitor.keikoproj.io/healthcheck-uid";
inline constexpr std::string_view run_annotation = "vedette.dev/run";
inline constexpr std::string_view uid_annotation = "vedette.dev/healthcheck-uid";
inline constexpr std::string_view name_annotation = "vedette.dev/healthcheck";  ///< "namespace/name"
inline constexpr std::string_view instance_label = "workflows.argoproj.io/controller-instanceid";
inline constexpr std::string_view instance_value = "activemonitor-workflows";
/// Bytes of a source text, at most.
inline constexpr std::size_t source_limit = 1u << 20;

/// generateName cut to 57 bytes and five characters [a-z0-9] from a hash of (UID, purpose, number, attempt,
/// `collision`). Errors: invalid_input (generateName is empty or no legal name prefix).
Result<std::string> workflow_name(HealthCheck const& check, RunId const& run, int collision);

/// `service_account`: the remedy's differs from the check's, see remedy_service_account(). A Workflow in another
/// namespace than its HealthCheck has no ownerReference. Errors: invalid_input or too_large, a sentence naming what of
/// the text is wrong (blank, not YAML with line and column, no spec, spec of another type).
Result<boost::json::object> build_workflow(HealthCheck const& check, RunId const& run, std::string_view text,
                                           std::chrono::seconds timeout, int collision);

/// The remedy's service account: "-remedy" is appended where it is the check's own.
std::string remedy_service_account(Spec const& spec);

/// How a Workflow stands.
struct WorkflowState {
    bool ended = false;  ///< phase Succeeded, Failed or Error
    bool succeeded = false;
    std::string phase;
    std::string message;
    std::optional<WallTime> started;
    std::optional<WallTime> finished;
    boost::json::object outputs;  ///< {"status": {"outputs": ...}} where it has ended with some
};
/// Never fails: garbage reads as not ended.
WorkflowState workflow_state(boost::json::object const& workflow);

/// A legal name: the HealthCheck's with _ for what no name may hold, then _, then `element` likewise.
std::string custom_metric_name(std::string_view health_check_name, std::string_view element);
/// Gauges out of status.outputs.parameters[].value (documented by the reference, and here implemented).
/// Skips what is not of the documented shape, with a sentence for each in `refused`, if given; never fails.
std::vector<CustomMetric> custom_metrics(std::string_view health_check_name, boost::json::object const& workflow,
                                         std::vector<std::string>* refused = nullptr);

}  // namespace vedette::op
