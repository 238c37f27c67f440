#include "cluster/manifest.hpp"

#include "cluster/cluster.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace vedette::cluster {
namespace {

std::string indented(std::string const& text, std::string_view by) {
    if (by.empty()) return text;
    std::string result;
    std::string_view left = text;
    while (!left.empty()) {
        auto const end = std::min(left.find('\n'), left.size() - 1) + 1;
        result += fmt::format("{}{}", by, left.substr(0, end));
        left.remove_prefix(end);
    }
    return result;
}

}  // namespace

std::string pod_spec(std::string_view script, PodOptions const& options) {
    auto const image = options.image.empty() ? busybox() : options.image;
    auto const spec =
        fmt::format(R"(spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: app
    image: {}
    imagePullPolicy: IfNotPresent
    command: [sh, -c, {}]
{}{})",
                    image, boost::json::serialize(boost::json::string(script)), options.more, options.of_pod);
    return indented(spec, options.indent);
}

std::string pod(std::string_view name, std::string_view script, PodOptions const& options) {
    return fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {}, labels: {{app: {}}}}}\n{}", name, name,
                       pod_spec(script, options));
}

std::string workload(std::string_view kind, std::string_view name, std::string_view script, std::string_view more,
                     PodOptions options) {
    options.indent = "    ";
    return fmt::format(R"(---
apiVersion: apps/v1
kind: {}
metadata: {{name: {}}}
spec:
{}  selector: {{matchLabels: {{app: {}}}}}
  template:
    metadata: {{labels: {{app: {}}}}}
{})",
                       kind, name, more, name, name, pod_spec(script, options));
}

std::string service(std::string_view name, int target_port) {
    return fmt::format(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\n"
        "spec: {{selector: {{app: {}}}, ports: [{{port: 80, targetPort: {}}}]}}\n",
        name, name, target_port);
}

std::string_view ready_by_file() {
    return "    readinessProbe: {exec: {command: [test, -e, /ready]}, periodSeconds: 1, timeoutSeconds: 30}\n";
}

}  // namespace vedette::cluster
