// A node's path is its source, and line 0 says so: YamlNode::where() then needs no second kind of place.

#include "base/yaml_of_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette {
namespace {

namespace json = boost::json;
using Kind = YamlNode::Kind;

constexpr std::size_t longest_key = 64;  // bytes, in a path

bool reads_well(std::string_view key) {
    auto const plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_-./").contains(c);
    };
    return !key.empty() && key.size() <= longest_key && std::ranges::all_of(key, plain);
}

Kind kind_of(json::value const& value) {
    switch (value.kind()) {
        case json::kind::null:
            return Kind::null;
        case json::kind::bool_:
            return Kind::boolean;
        case json::kind::int64:
        case json::kind::uint64:
            return Kind::integer;
        case json::kind::double_:
            return Kind::real;
        case json::kind::string:
            return Kind::string;
        case json::kind::array:
            return Kind::sequence;
        case json::kind::object:
            return Kind::mapping;
    }
    return Kind::null;
}

}  // namespace

YamlNode yaml_of_json(json::value const& value, std::string path) {
    YamlNode node;
    node.kind = kind_of(value);
    node.line = 0;
    if (auto const* items = value.if_array()) {
        node.items.reserve(items->size());
        for (auto const& item : *items) {
            node.items.push_back(yaml_of_json(item, fmt::format("{}[{}]", path, node.items.size())));
        }
    } else if (auto const* members = value.if_object()) {
        node.entries.reserve(members->size());
        for (auto const& [key, member] : *members) {
            auto below = reads_well(key) ? fmt::format("{}.{}", path, std::string_view(key)) : path;
            node.entries.push_back(
                {.key = std::string(key), .value = yaml_of_json(member, std::move(below)), .line = 0});
        }
    } else {
        node.scalar = value;
    }
    node.source = std::make_shared<std::string const>(std::move(path));
    return node;
}

}  // namespace vedette
