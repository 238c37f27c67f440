#pragma once
#include "base/clock.hpp"
#include "base/metrics.hpp"

namespace vedette::telemetry {

/// What this process takes, under the names that Prometheus' client libraries use (process_cpu_seconds_total, ...).
/// Read from the kernel at each scrape; what the kernel does not tell keeps its last value. Lifetime: the registry
/// outlives it. It is to be made when the process starts, since that is the start it reports.
class ProcessMetrics {
public:
    ProcessMetrics(metrics::Registry& registry, Clock const& clock);

private:
    void update();

    metrics::Counter& cpu_;
    metrics::Gauge& resident_;
    metrics::Gauge& virtual_;
    metrics::Gauge& open_files_;
    metrics::Gauge& max_files_;
    metrics::CollectHook hook_;
};

}  // namespace vedette::telemetry
