#include "telemetry/prometheus.hpp"

#include "telemetry/exposition.hpp"

#include <set>

namespace vedette::telemetry {
namespace {

// Prometheus' alphabet: "app.kubernetes.io/name" becomes app_kubernetes_io_name.
std::string label_name(std::string_view text) {
    std::string name(text);
    for (char& c : name) {
        bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9')) c = '_';
    }
    if (!name.empty() && name[0] >= '0' && name[0] <= '9') name.insert(0, "_");
    return name;
}

std::string labels_of(check::CheckReport const& check) {
    std::set<std::string> taken{"check_group", "check_name", "check_service", "status", "measurement", ""};
    std::string text;
    add_label(text, "check_group", check.identity.group);
    add_label(text, "check_name", check.identity.name);
    add_label(text, "check_service", check.identity.service);
    for (auto const& [key, value] : check.labels) {
        auto const name = label_name(key);
        if (!taken.insert(name).second) continue;  // a sample with the same label twice is no sample
        add_label(text, name, value);
    }
    return text;
}

double seconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e9;
}

double unix_seconds(WallTime when) {
    return static_cast<double>(when.time_since_epoch().count()) / 1e9;
}

class Text {
public:
    void family(std::string_view name, std::string_view help) { add_family(text_, name, help, metrics::Type::gauge); }
    void sample(std::string_view name, std::string_view labels, double value) {
        add_sample(text_, name, labels, value);
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

constexpr check::Status statuses[] = {check::Status::ok,      check::Status::warning, check::Status::critical,
                                      check::Status::unknown, check::Status::timeout, check::Status::skipped};

}  // namespace

std::string prometheus_text(check::RunReport const& report) {
    Text text;
    text.family("vedette_check_healthy", "1 if the check is ok, warning or skipped, else 0.");
    for (auto const& check : report.checks) {
        text.sample("vedette_check_healthy", labels_of(check), check::is_healthy(check.outcome.status) ? 1 : 0);
    }
    text.family("vedette_check_status", "1 for the status the check has, 0 for the others.");
    for (auto const& check : report.checks) {
        for (auto const status : statuses) {
            auto labels = labels_of(check);
            add_label(labels, "status", check::to_string(status));
            text.sample("vedette_check_status", labels, check.outcome.status == status ? 1 : 0);
        }
    }
    text.family("vedette_check_duration_seconds", "How long the check took.");
    for (auto const& check : report.checks) {
        text.sample("vedette_check_duration_seconds", labels_of(check), seconds(check.duration));
    }
    text.family("vedette_check_objects_checked", "Objects the check looked at.");
    for (auto const& check : report.checks) {
        text.sample("vedette_check_objects_checked", labels_of(check), static_cast<double>(check.outcome.checked));
    }
    text.family("vedette_check_objects_failed", "Objects that made the check warning or critical.");
    for (auto const& check : report.checks) {
        text.sample("vedette_check_objects_failed", labels_of(check), static_cast<double>(check.outcome.failed));
    }
    text.family("vedette_check_measurement", "What the check measured; the label says what and in which unit.");
    for (auto const& check : report.checks) {
        for (auto const& [name, value] : check.outcome.measurements) {
            auto labels = labels_of(check);
            add_label(labels, "measurement", name);
            text.sample("vedette_check_measurement", labels, value);
        }
    }
    text.family("vedette_run_healthy", "1 if every check of the run is healthy, else 0.");
    text.sample("vedette_run_healthy", "", report.healthy() ? 1 : 0);
    text.family("vedette_run_duration_seconds", "How long the run took.");
    text.sample("vedette_run_duration_seconds", "", seconds(report.duration));
    text.family("vedette_last_run_timestamp_seconds", "When the run ended, in Unix seconds.");
    text.sample("vedette_last_run_timestamp_seconds", "", unix_seconds(report.finished_at));
    return text.take();
}

}  // namespace vedette::telemetry
