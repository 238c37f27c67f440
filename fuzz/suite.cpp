// Suites: every text is either read or refused with a file name, includes and environment references included.

#include "check/suite.hpp"

#include "memory_files.hpp"
#include "target.hpp"

namespace vedette::fuzz {
namespace {

std::optional<std::string> environment(std::string name) {
    if (name == "NAME") return "value";
    return std::nullopt;
}

}  // namespace

void fuzz(std::string_view input) {
    MemoryFiles files;
    files.contents["/d/suite.yaml"] = std::string(input);
    files.contents["/d/other.yaml"] = "checks:\n  - type: node-ready\n    name: other\n";
    auto const suite = check::load_suite("/d/suite.yaml", files, environment);
    if (!observe(suite)) {
        ensure(suite.error().text().find(".yaml") != std::string::npos, "a refusal names the file");
        return;
    }
    observe("checks", suite->checks.size());
}

}  // namespace vedette::fuzz
