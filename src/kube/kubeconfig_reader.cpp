// Messages name the key and the kinds, never the value: it may be a secret that slipped into the wrong place.

#include "kube/kubeconfig_reader.hpp"

#include "base/base64.hpp"

namespace vedette::kube::detail {
namespace {

// As strict as Go: the standard alphabet, padded, and no blanks but line breaks.
std::optional<std::string> decode_base64(std::string_view text) {
    std::string packed;
    std::ranges::copy_if(text, std::back_inserter(packed), [](char c) { return c != '\n' && c != '\r'; });
    auto const padding = packed.size() - (packed.find_last_not_of('=') + 1);
    bool const standard = packed.find_first_of("-_ \t") == std::string::npos;
    if (packed.size() % 4 != 0 || padding > 2 || !standard) return std::nullopt;
    auto decoded = base64_decode(packed);
    if (!decoded) return std::nullopt;
    return std::move(*decoded);
}

}  // namespace

void NodeReader::refuse(YamlNode const& node, std::string what) {
    if (!error_) error_ = Error(Errc::invalid_input, fmt::format("{}: {}", node.where(), what));
}

void NodeReader::expect(YamlNode const& node, YamlNode::Kind kind, std::string_view key) {
    if (node.kind == kind) return;
    refuse(node, fmt::format("{} must be {}, not {}", key, to_string(kind), to_string(node.kind)));
}

YamlNode const* NodeReader::of_kind(YamlNode const& parent, std::string_view key, YamlNode::Kind kind) {
    auto const* node = parent.find(key);
    if (!node || node->is_null()) return nullptr;
    expect(*node, kind, key);
    return node->kind == kind ? node : nullptr;
}

std::string NodeReader::text(YamlNode const& parent, std::string_view key) {
    auto const* node = of_kind(parent, key, YamlNode::Kind::string);
    return node ? std::string(*node->if_string()) : std::string();
}

bool NodeReader::flag(YamlNode const& parent, std::string_view key) {
    auto const* node = of_kind(parent, key, YamlNode::Kind::boolean);
    return node && *node->if_bool();
}

std::string NodeReader::bytes(YamlNode const& parent, std::string_view key) {
    auto const* node = of_kind(parent, key, YamlNode::Kind::string);
    if (!node) return {};
    auto decoded = decode_base64(*node->if_string());
    if (!decoded) refuse(*node, fmt::format("{} is not base64", key));
    return decoded.value_or("");
}

std::vector<std::string> NodeReader::texts(YamlNode const& parent, std::string_view key) {
    std::vector<std::string> result;
    auto const* node = of_kind(parent, key, YamlNode::Kind::sequence);
    if (!node) return result;
    for (auto const& item : node->items) {
        if (!item.is_null()) expect(item, YamlNode::Kind::string, fmt::format("an item of {}", key));
        result.emplace_back(item.if_string().value_or(""));
    }
    return result;
}

YamlNode const* NodeReader::mapping(YamlNode const& parent, std::string_view key) {
    return of_kind(parent, key, YamlNode::Kind::mapping);
}

std::vector<YamlNode const*> NodeReader::mappings(YamlNode const& parent, std::string_view key) {
    std::vector<YamlNode const*> result;
    auto const* node = of_kind(parent, key, YamlNode::Kind::sequence);
    if (!node) return result;
    for (auto const& item : node->items) {
        if (!item.is_null()) expect(item, YamlNode::Kind::mapping, fmt::format("an item of {}", key));
        result.push_back(&item);
    }
    return result;
}

}  // namespace vedette::kube::detail
