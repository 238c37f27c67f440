#include "cli/exit_code.hpp"

#include <algorithm>

namespace vedette::cli {

int exit_code_of(check::RunReport const& report, ExitCodes style, bool cronjob) {
    if (cronjob) return exit_healthy;
    if (style == ExitCodes::plain) return report.healthy() ? exit_healthy : exit_unhealthy;
    switch (report.status) {
        case check::Status::ok:
        case check::Status::skipped:
            return 0;
        case check::Status::warning:
            return 1;
        case check::Status::critical:
        case check::Status::timeout:
            return 2;
        case check::Status::unknown:
            return 3;
    }
    return 3;
}

int exit_code_of_lost_result(int code, ExitCodes style) {
    if (style == ExitCodes::nagios) return std::max(code, 3);
    return std::max(code, exit_unhealthy);
}

}  // namespace vedette::cli
