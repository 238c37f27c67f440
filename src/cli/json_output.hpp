#pragma once
#include "check/report.hpp"

#include <boost/json.hpp>

namespace vedette::cli {

/// The document of `-o json`, schema vedette.check/v1 (contracts 6).
boost::json::object json_document(check::RunReport const& report);

/// JUnit XML: a test suite per group, a test case per check; unhealthy ones are failures, unknown ones errors.
std::string junit_document(check::RunReport const& report);

}  // namespace vedette::cli
