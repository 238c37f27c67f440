#pragma once
// Prometheus' text exposition format 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

#include "base/metrics.hpp"
#include "net/http.hpp"

#include <memory>
#include <optional>
#include <string>

namespace vedette::telemetry {

inline constexpr char prometheus_content_type[] = "text/plain; version=0.0.4; charset=utf-8";

/// Appends the `# HELP` and `# TYPE` of a family, whose samples must follow.
void add_family(std::string& text, std::string_view name, std::string_view help, metrics::Type type);
/// Appends `name="value"`, after a comma where there is one before. Bytes that are not UTF-8 become U+FFFD.
void add_label(std::string& labels, std::string_view name, std::string_view value);
/// Appends one line. `labels` as add_label makes them, or empty.
void add_sample(std::string& text, std::string_view name, std::string_view labels, double value);

/// A registry's text piece by piece, so that a large one neither holds the reactor nor stands in memory as a whole.
/// What is removed between two pieces is left out; a histogram is always of one moment. Lifetime: the registry
/// outlives it.
class Exposition {
public:
    /// Begins a scrape: the registry collects.
    explicit Exposition(metrics::Registry& registry);

    /// The next `size` bytes and the rest of a series; empty at the end.
    std::string next(std::size_t size);

private:
    metrics::Registry& registry_;
    std::string family_;                // the one that is being printed, or was last
    std::optional<std::string> after_;  // the last series of it that was printed
};

/// The whole text.
std::string exposition(metrics::Registry& registry);
/// The same as an answer's body, streamed where it is long. Lifetime: the registry outlives it.
std::unique_ptr<net::Body> exposition_body(metrics::Registry& registry);

}  // namespace vedette::telemetry
