#pragma once
#include "check/report.hpp"

#include <string>

namespace vedette::cli {

struct TableOptions {
    bool colour = false;
    std::size_t width = 0;  ///< columns of the terminal; 0: unlimited
};

/// A run for people: what is broken first, with its objects, then what is well, then one sentence of summary and what
/// to do next. The cause of an unreachable API server is told once.
std::string table_text(check::RunReport const& report, TableOptions const& options);

}  // namespace vedette::cli
