#pragma once
// What a breakage must do to the verdicts: turn its check and at most its named companions, and let everything be well
// again once it is mended.

#include "cluster/cluster.hpp"

#include <set>
#include <string>

namespace vedette::cluster {

/// The checks that are neither ok nor skipped.
std::set<std::string> unhealthy(boost::json::object const& document);

/// Whether a check of the run says how slow this machine is, and nothing of the cluster: it had no answer in time.
bool in_bad_weather(boost::json::object const& document);

/// Runs `vedette check ARGUMENTS` until `name` turns in fair weather, and fails unless everything else but `companions`
/// is ok then. The document of that run.
boost::json::object expect_turns(std::string const& arguments, std::string const& name,
                                 std::set<std::string> companions = {});
/// By the suite of `ns`.
boost::json::object expect_turns(Namespace const& ns, std::string const& name, std::set<std::string> companions = {});

/// Runs `vedette check ARGUMENTS` until everything is well. The document of that run.
boost::json::object expect_well(std::string const& arguments);
/// By the suite of `ns`.
boost::json::object expect_well(Namespace const& ns);

std::string message_of(boost::json::object const& document, std::string_view check);
/// "Pod shop/web-1: OOMKilled" of the first failure, without the namespace for cluster-scoped objects; empty if none.
std::string first_failure(boost::json::object const& document, std::string_view check);
/// The same of a failure in `ns`.
std::string failure(Namespace const& ns, std::string_view object, std::string_view reason);

}  // namespace vedette::cluster
