#pragma once
// What the program was called as: manifests of active-monitor start a program named active-monitor-controller.

#include <string>
#include <vector>

namespace vedette::cli {

/// The arguments, name included, as `vedette` would have been given them: called active-monitor-controller, the program
/// is `vedette operator`, and long flags may have one dash, as Go reads them. Any other name changes nothing.
std::vector<std::string> words_as_called(std::vector<std::string> words);

}  // namespace vedette::cli
