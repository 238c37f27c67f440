#pragma once
// Files, a door: whatever decides reads files through this.

#include "base/clock.hpp"
#include "base/error.hpp"

#include <memory>
#include <string>

namespace vedette {

class Files {
public:
    virtual ~Files() = default;
    /// The whole file. Errors: not_found, denied, io (a directory, a device), too_large beyond `limit` bytes.
    virtual Result<std::string> read(std::string const& path, std::size_t limit) = 0;
    /// Changes whenever the content may have changed (inode, size and time of change).
    virtual Result<std::string> version(std::string const& path) = 0;
};

std::unique_ptr<Files> make_system_files();

}  // namespace vedette
