#pragma once
// Files in memory; what is not there is not found, and the content is the version.

#include "base/files.hpp"

#include <map>
#include <string>

namespace vedette::kube {

class MemoryFiles final : public Files {
public:
    Result<std::string> read(std::string const& path, std::size_t limit) override {
        ++reads;
        auto const found = texts.find(path);
        if (found == texts.end()) return fail(Errc::not_found, "{}: no such file", path);
        if (found->second.size() > limit) return fail(Errc::too_large, "{}: larger than {} bytes", path, limit);
        return found->second;
    }
    Result<std::string> version(std::string const& path) override {
        auto const found = texts.find(path);
        if (found == texts.end()) return fail(Errc::not_found, "{}: no such file", path);
        return found->second;
    }

    std::map<std::string, std::string> texts;
    int reads = 0;
};

}  // namespace vedette::kube
