#pragma once
// Exit codes (contracts 4): 0 healthy, 1 not, 2 wrong before any connection, 130 on a second signal.

#include "check/report.hpp"

namespace vedette::cli {

inline constexpr int exit_healthy = 0;
inline constexpr int exit_unhealthy = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_killed = 130;

enum class ExitCodes { plain, nagios };

/// `nagios`: 0 ok, 1 warning, 2 critical, 3 unknown. `cronjob` turns an unhealthy run into 0.
int exit_code_of(check::RunReport const& report, ExitCodes style, bool cronjob);

/// Of a run that ended with `code` and whose result could not be written: never healthy; with `nagios` unknown.
int exit_code_of_lost_result(int code, ExitCodes style);

}  // namespace vedette::cli
