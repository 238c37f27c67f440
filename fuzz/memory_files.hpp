#pragma once
// Files that hold what the fuzzer wrote.

#include "base/files.hpp"

#include <map>

namespace vedette::fuzz {

class MemoryFiles final : public Files {
public:
    std::map<std::string, std::string> contents;

    Result<std::string> read(std::string const& path, std::size_t limit) override {
        auto const file = contents.find(path);
        if (file == contents.end()) return fail(Errc::not_found, "{}: no such file", path);
        if (file->second.size() > limit) return fail(Errc::too_large, "{}: larger than {} bytes", path, limit);
        return file->second;
    }

    Result<std::string> version(std::string const& path) override {
        if (!contents.contains(path)) return fail(Errc::not_found, "{}: no such file", path);
        return std::string("1");
    }
};

}  // namespace vedette::fuzz
