#pragma once
// /etc/hosts: names this machine knows without asking anybody.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::net {

class HostsFile {
public:
    HostsFile() = default;
    /// Reads hosts(5). Lines that do not begin with an address count for nothing.
    explicit HostsFile(std::string_view text);

    /// The addresses of `host` in the file's order, both families; null if it is not there. A known name is not asked
    /// for elsewhere, even if only one family of it is known. Valid as long as this object.
    std::vector<std::string> const* find(std::string_view host) const;

private:
    std::map<std::string, std::vector<std::string>, std::less<>> addresses_;  // by the name in lower case
};

}  // namespace vedette::net
