#pragma once
// Typed reading of YAML nodes, with the strictness of Go's JSON decoder: null is nothing, another type is an error,
// and the first error is kept so that a caller checks once.

#include "base/error.hpp"
#include "base/yaml.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vedette::kube::detail {

class NodeReader {
public:
    std::string text(YamlNode const& parent, std::string_view key);
    bool flag(YamlNode const& parent, std::string_view key);
    /// Base64, padded, line breaks ignored.
    std::string bytes(YamlNode const& parent, std::string_view key);
    std::vector<std::string> texts(YamlNode const& parent, std::string_view key);
    /// The mapping under `key`; null if there is none.
    YamlNode const* mapping(YamlNode const& parent, std::string_view key);
    /// The elements of the list under `key`, each a mapping (or null, which is an empty one).
    std::vector<YamlNode const*> mappings(YamlNode const& parent, std::string_view key);

    void refuse(YamlNode const& node, std::string what);
    std::optional<Error> const& error() const { return error_; }

private:
    YamlNode const* of_kind(YamlNode const& parent, std::string_view key, YamlNode::Kind kind);
    void expect(YamlNode const& node, YamlNode::Kind kind, std::string_view key);
    std::optional<Error> error_;
};

}  // namespace vedette::kube::detail
