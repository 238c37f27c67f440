// YAML: no bytes crash or exhaust the reader, places stay within the text, and errors name one.

#include "base/yaml.hpp"

#include "base/json.hpp"
#include "target.hpp"

#include <algorithm>

namespace vedette::fuzz {
namespace {

void check_places(YamlNode const& node, int lines) {
    ensure(node.line >= 1 && node.line <= lines && node.column >= 1, "a node stands in the text");
    for (auto const& item : node.items) check_places(item, lines);
    for (auto const& entry : node.entries) {
        ensure(entry.line >= 1 && entry.line <= lines, "a key stands in the text");
        check_places(entry.value, lines);
    }
}

}  // namespace

void fuzz(std::string_view input) {
    auto const root = parse_yaml(input, "fuzz.yaml", 1u << 16);
    if (!observe(root)) {
        ensure(root.error().text().starts_with("fuzz.yaml"), "an error names the file");
        return;
    }
    // A carriage return and the Unicode separators may end a line too.
    check_places(*root, static_cast<int>(input.size()) + 1);
    observe(to_json(to_json(*root)));
}

}  // namespace vedette::fuzz
