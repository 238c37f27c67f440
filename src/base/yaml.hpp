#pragma once
// YAML in: one document as a tree in which every node knows its place, for messages like "suite.yaml:3:5: ...".
//
// Scalars and keys mean what they mean to sigs.k8s.io/yaml, hence to kubectl (yaml.v2 rules: `y`, `on`, 0755 and 1_000
// are no strings; times are), not what yaml-cpp makes of them.

#include "base/error.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette {

struct YamlEntry;

struct YamlNode {
    enum class Kind { null, boolean, integer, real, string, sequence, mapping };

    Kind kind = Kind::null;
    boost::json::value scalar;       ///< null, bool, int64, uint64, double (.inf and .nan too) or string
    std::vector<YamlNode> items;     ///< of a sequence
    std::vector<YamlEntry> entries;  ///< of a mapping, in the order of the text; merged keys after a node's own
    int line = 1;                    ///< from 1; where an alias stands for a node, the place of that node; 0: no text
    int column = 1;                  ///< from 1, in bytes
    std::shared_ptr<std::string const> source;
    /// A string that a reader put in place of a reference: it stands for whatever plain scalar it spells.
    bool untyped = false;

    /// "file:line:column"; the source alone where the node comes from no text.
    std::string where() const;

    /// The value of a key; null if there is none or this is no mapping.
    YamlNode const* find(std::string_view key) const;

    /// The node itself, or what an untyped string spells: `443` and `true` are no strings then.
    YamlNode resolved() const;

    /// The scalar, if it is of that type.
    std::optional<std::string_view> if_string() const;
    std::optional<std::int64_t> if_int() const;
    std::optional<bool> if_bool() const;

    bool is_null() const { return kind == Kind::null; }
    bool is_mapping() const { return kind == Kind::mapping; }
    bool is_sequence() const { return kind == Kind::sequence; }
};

struct YamlEntry {
    std::string key;  ///< numbers and booleans as sigs.k8s.io/yaml spells them: `on: 1` has the key "true"
    YamlNode value;
    int line = 1;  ///< of the key
    int column = 1;

    /// "file:line:column" of the key.
    std::string where() const;
};

/// What a person calls the kind: "a mapping", "a string".
std::string_view to_string(YamlNode::Kind kind);

/// Nested sequences and mappings, at most.
inline constexpr std::size_t max_yaml_depth = 64;
/// What anchors and aliases may add to a document when written out.
inline constexpr std::size_t max_yaml_alias_bytes = 32u << 20;
inline constexpr std::size_t default_yaml_limit = 8u << 20;
/// Scalars, sequences and mappings in the text of a document: as many as a text of that size may well have.
constexpr std::size_t max_yaml_nodes(std::size_t limit_bytes) {
    return std::max<std::size_t>(500'000, limit_bytes / 16);
}

/// Reads one document; an empty text is null. Aliases are written out, merge keys (`<<`) are applied and give way to
/// the mapping's own keys.
///
/// Errors, "source:line:column: what": malformed (syntax, invalid UTF-8, binary, a key twice, a key that is no
/// scalar, a second document, `!!binary`), too_large (limit_bytes, nodes, depth, aliases). Nothing is thrown.
Result<YamlNode> parse_yaml(std::string_view text, std::string_view source_name,
                            std::size_t limit_bytes = default_yaml_limit);

/// The same data without places.
boost::json::value to_json(YamlNode const& node);

}  // namespace vedette
