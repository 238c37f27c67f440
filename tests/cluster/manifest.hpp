#pragma once
// YAML that several tests apply.

#include <string>
#include <string_view>

namespace vedette::cluster {

/// What a pod runs. It ends at once when it is deleted.
struct PodOptions {
    std::string image;        ///< empty: busybox
    std::string more;         ///< further lines of the container, indented by 4
    std::string of_pod;       ///< further lines of the pod's spec, indented by 2
    std::string_view indent;  ///< in front of every line
};

/// `spec:` of a pod, or of a template when indented, that runs a shell script in the container `app`.
std::string pod_spec(std::string_view script, PodOptions const& options = {});
/// A pod with the label app=NAME.
std::string pod(std::string_view name, std::string_view script, PodOptions const& options = {});
/// A Deployment, StatefulSet or DaemonSet of such pods. `more`: further lines of its spec, indented by 2.
std::string workload(std::string_view kind, std::string_view name, std::string_view script, std::string_view more = "",
                     PodOptions options = {});
/// A Service that leads port 80 to `target_port` of the pods labelled app=NAME.
std::string service(std::string_view name, int target_port);

/// Ready once somebody has made the file /ready: `more` of a container.
std::string_view ready_by_file();

}  // namespace vedette::cluster
