#include "net/hosts_file.hpp"

#include "net/text.hpp"

namespace vedette::net {

HostsFile::HostsFile(std::string_view text) {
    for (auto const line : lines_of(text)) {
        auto const words = words_of(line.substr(0, line.find('#')));
        if (words.size() < 2 || !is_ip_literal(words[0])) continue;
        for (auto name = words.begin() + 1; name != words.end(); ++name) {
            auto& known = addresses_[lower(*name)];
            if (std::ranges::find(known, words[0]) == known.end()) known.emplace_back(words[0]);
        }
    }
}

std::vector<std::string> const* HostsFile::find(std::string_view host) const {
    if (host.ends_with('.')) host.remove_suffix(1);
    auto const found = addresses_.find(lower(host));
    return found == addresses_.end() ? nullptr : &found->second;
}

}  // namespace vedette::net
