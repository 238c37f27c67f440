#pragma once
// What active-monitor v0.15.0 leaves behind in a cluster, for those who come from there.

#include <string>

namespace vedette::cluster {

/// Its CustomResourceDefinition: ours without what we have added, in JSON.
std::string crd_of_active_monitor();

/// Its Deployment. The program is a sleep, which ends at once.
std::string deployment_of_active_monitor(std::string_view service_account);

/// Its manifest: account, roles and Deployment, under its names.
std::string manifest_of_active_monitor();

/// The account of a check at level cluster, with the wildcard role that it gives it, as it labels them. Its pods may
/// not report to Argo.
std::string account_of_active_monitor(std::string_view ns, std::string_view account);

/// A Workflow that it has made for a check, its odd apiVersion of the owner included. `script`: a line of shell.
std::string workflow_of_active_monitor(std::string_view check, std::string_view uid, std::string_view script);

/// The image of the Deployment: another name of busybox.
inline constexpr auto image_of_active_monitor = "keikoproj/active-monitor:v0.15.0";

}  // namespace vedette::cluster
