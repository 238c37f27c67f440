#pragma once
// Files below one directory, for paths that somebody else wrote.

#include "base/files.hpp"

namespace vedette {

/// Reads regular files whose real place, all symbolic links followed, is below `directory`; links that stay below it
/// are fine, for a mounted ConfigMap is made of them. Paths are absolute (and begin with `directory` as it is
/// written) or relative to it; none may have `..` as a part. Judged is the file that is open, so a link changed
/// meanwhile gains nothing. /proc must be mounted.
///
/// Errors: denied (outside), invalid_input (`..`, an empty path), beside those of Files.
std::unique_ptr<Files> make_mounted_files(std::string directory);

}  // namespace vedette
