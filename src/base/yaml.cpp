// YAML through yaml-cpp's events. Events instead of YAML::Node: the node type drops key positions, keeps the last of
// two equal keys, and shares what aliases point to. Errors inside a handler have one way out of yaml-cpp's parser, an
// exception; it ends in parse_yaml().

#include "base/yaml.hpp"

#include "base/ensure.hpp"
#include "base/utf8.hpp"
#include "base/yaml_scalar.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace vedette {
namespace {

namespace json = boost::json;
using Kind = YamlNode::Kind;

struct Refusal {
    Error error;
};

std::string place(std::string_view source, int line, int column) {
    if (line == 0) return std::string(source);
    return fmt::format("{}:{}:{}", source, line, column);
}

template <class... Args>
[[noreturn]] void refuse(YamlNode const& at, Errc code, fmt::format_string<Args...> format, Args&&... args) {
    throw Refusal{Error(code, fmt::format(format, std::forward<Args>(args)...)).in_context(at.where())};
}

Kind kind_of(json::value const& scalar) {
    if (scalar.is_null()) return Kind::null;
    if (scalar.is_bool()) return Kind::boolean;
    if (scalar.is_double()) return Kind::real;
    return scalar.is_string() ? Kind::string : Kind::integer;
}

/// A finished node with what it takes to judge a further copy of it.
struct Built {
    YamlNode node;
    std::size_t bytes = 0;  ///< of it and all below, aliases written out
    std::size_t depth = 0;  ///< sequences and mappings inside one another, itself included
    bool merge = false;     ///< a plain `<<`
};

/// A sequence or mapping that is still open.
struct Open {
    Built built;
    YAML::anchor_t anchor = 0;
    std::optional<YamlEntry> key;  ///< waits for its value
    bool key_merges = false;
    std::unordered_map<std::string, std::size_t> index;  ///< of the own keys, into entries
    std::vector<YamlNode> merged;                        ///< values of `<<`, first come first
};

class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(std::shared_ptr<std::string const> source, std::size_t most_nodes)
        : source_(std::move(source)), most_nodes_(most_nodes) {
        root_.source = source_;
    }

    YamlNode take() { return std::move(root_); }

    void OnDocumentStart(YAML::Mark const&) override {}
    void OnDocumentEnd() override {}

    void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override { finish(scalar(mark, nullptr), anchor); }

    void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override {
        auto const found = anchors_.find(anchor);
        if (found == anchors_.end()) refuse(node_at(mark), Errc::malformed, "the anchor's value contains itself");
        auto const& target = found->second;
        if (open_.size() + target.depth > max_yaml_depth) refuse_depth(node_at(mark));
        count_copy(target);
        finish(target, 0);
    }

    void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  std::string const& text) override {
        auto value = resolve_yaml_scalar(tag, text);
        if (!value) throw Refusal{std::move(value).error().in_context(node_at(mark).where())};
        auto built = scalar(mark, *std::move(value));
        built.merge = text == "<<" && (tag.empty() || tag == "?" || tag == "tag:yaml.org,2002:merge");
        finish(std::move(built), anchor);
    }

    void OnSequenceStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, anchor, Kind::sequence);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, anchor, Kind::mapping);
    }
    void OnMapEnd() override { close(); }

private:
    YamlNode node_at(YAML::Mark const& mark) const {
        YamlNode node;
        node.line = mark.line + 1;
        node.column = mark.column + 1;
        node.source = source_;
        return node;
    }

    /// A node of the text, as opposed to a copy by an alias.
    YamlNode new_node(YAML::Mark const& mark) {
        auto node = node_at(mark);
        if (++nodes_ > most_nodes_) {
            refuse(node, Errc::too_large, "the document has more than {} values", most_nodes_);
        }
        return node;
    }

    /// What stands once in the text and several times in memory: behind an anchor, and where an alias says so.
    void count_copy(Built const& copied) {
        copied_bytes_ += copied.bytes;
        if (copied_bytes_ > max_yaml_alias_bytes) {
            refuse(copied.node, Errc::too_large, "anchors and aliases make the document larger than {} MiB",
                   max_yaml_alias_bytes >> 20);
        }
    }

    Built scalar(YAML::Mark const& mark, json::value value) {
        Built built{.node = new_node(mark), .bytes = sizeof(YamlNode)};
        if (auto const* text = value.if_string()) built.bytes += text->size();
        built.node.kind = kind_of(value);
        built.node.scalar = std::move(value);
        return built;
    }

    [[noreturn]] static void refuse_depth(YamlNode const& at) {
        refuse(at, Errc::too_large, "nested more than {} levels deep", max_yaml_depth);
    }

    void open(YAML::Mark const& mark, YAML::anchor_t anchor, Kind kind) {
        auto node = new_node(mark);
        node.kind = kind;
        if (open_.size() == max_yaml_depth) refuse_depth(node);
        if (expects_key()) refuse_key(node);
        open_.push_back({.built = {.node = std::move(node), .bytes = sizeof(YamlNode), .depth = 1}, .anchor = anchor});
    }

    void close() {
        auto done = std::move(open_.back());
        open_.pop_back();
        apply_merges(done);
        finish(std::move(done.built), done.anchor);
    }

    bool expects_key() const { return !open_.empty() && open_.back().built.node.is_mapping() && !open_.back().key; }

    [[noreturn]] static void refuse_key(YamlNode const& at) {
        refuse(at, Errc::malformed, "a key must be a string, a number or a boolean, not {}", to_string(at.kind));
    }

    /// Hands a finished node to the collection it stands in.
    void finish(Built built, YAML::anchor_t anchor) {
        if (anchor != 0) {
            count_copy(built);
            anchors_.insert_or_assign(anchor, built);
        }
        if (open_.empty()) {
            root_ = std::move(built.node);
            return;
        }
        auto& parent = open_.back();
        parent.built.bytes += built.bytes;
        parent.built.depth = std::max(parent.built.depth, built.depth + 1);
        if (parent.built.node.is_sequence()) {
            parent.built.node.items.push_back(std::move(built.node));
        } else if (!parent.key) {
            take_key(parent, std::move(built));
        } else {
            take_value(parent, std::move(built.node));
        }
    }

    static void take_key(Open& mapping, Built built) {
        auto const& node = built.node;
        if (node.is_mapping() || node.is_sequence()) refuse_key(node);
        auto name = yaml_key(node.scalar);
        if (!name) refuse_key(node);
        auto const& entries = mapping.built.node.entries;
        if (!built.merge) {
            auto const [known, is_new] = mapping.index.emplace(*name, entries.size());
            if (!is_new) {
                auto const& first = entries[known->second];
                refuse(node, Errc::malformed, "key \"{}\" appears twice, first at {}:{}",
                       std::string_view(*name).substr(0, 64), first.line, first.column);
            }
        }
        mapping.key_merges = built.merge;
        mapping.key = YamlEntry{.key = *std::move(name), .value = {}, .line = node.line, .column = node.column};
    }

    static void take_value(Open& mapping, YamlNode value) {
        auto entry = *std::exchange(mapping.key, std::nullopt);
        if (!mapping.key_merges) {
            entry.value = std::move(value);
            mapping.built.node.entries.push_back(std::move(entry));
        } else if (value.is_mapping()) {
            mapping.merged.push_back(std::move(value));
        } else if (value.is_sequence()) {
            for (auto& item : value.items) {
                if (!item.is_mapping()) refuse_merge(item);
                mapping.merged.push_back(std::move(item));
            }
        } else {
            refuse_merge(value);
        }
    }

    [[noreturn]] static void refuse_merge(YamlNode const& at) {
        refuse(at, Errc::malformed, "<< takes a mapping or a sequence of mappings, not {}", to_string(at.kind));
    }

    static void apply_merges(Open& mapping) {
        for (auto& source : mapping.merged) {
            for (auto& entry : source.entries) {
                auto const [_, is_new] = mapping.index.emplace(entry.key, 0);
                if (is_new) mapping.built.node.entries.push_back(std::move(entry));
            }
        }
    }

    std::shared_ptr<std::string const> source_;
    YamlNode root_;
    std::vector<Open> open_;
    std::unordered_map<YAML::anchor_t, Built> anchors_;
    std::size_t copied_bytes_ = 0;
    std::size_t most_nodes_;
    std::size_t nodes_ = 0;
};

/// What may follow the document: empty documents, as a closing `---` makes one.
class NothingMore final : public YAML::EventHandler {
public:
    explicit NothingMore(std::string_view source) : source_(source) {}

    /// yaml-cpp reports an empty document, again and again, in front of a token it cannot use.
    void OnDocumentStart(YAML::Mark const& mark) override {
        if (mark.pos == last_start_) refuse_at(mark, "no document can go on like this");
        last_start_ = mark.pos;
    }
    void OnDocumentEnd() override {}
    void OnNull(YAML::Mark const&, YAML::anchor_t) override {}
    void OnAlias(YAML::Mark const& mark, YAML::anchor_t) override { refuse_at(mark); }
    void OnScalar(YAML::Mark const& mark, std::string const&, YAML::anchor_t, std::string const&) override {
        refuse_at(mark);
    }
    void OnSequenceStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        refuse_at(mark);
    }
    void OnSequenceEnd() override {}
    void OnMapStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t, YAML::EmitterStyle::value) override {
        refuse_at(mark);
    }
    void OnMapEnd() override {}

private:
    [[noreturn]] void refuse_at(YAML::Mark const& mark,
                                char const* why = "a second document starts here, and only one is read") const {
        throw Refusal{Error(Errc::malformed, why).in_context(place(source_, mark.line + 1, mark.column + 1))};
    }

    std::string_view source_;
    int last_start_ = -1;
};

/// The offset of the first byte that no text has.
std::optional<std::size_t> find_binary(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] >= 0 && text[i] < 0x20 && text[i] != '\n' && text[i] != '\r' && text[i] != '\t') return i;
    }
    return find_invalid_utf8(text);
}

std::string line_of(std::string_view text, std::size_t offset, std::string_view source) {
    auto const before = text.substr(0, offset);
    return place(source, 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
                 static_cast<int>(offset - (before.rfind('\n') + 1)) + 1);
}

}  // namespace

std::string YamlNode::where() const {
    return place(source ? *source : "", line, column);
}

std::string YamlEntry::where() const {
    return place(value.source ? *value.source : "", line, column);
}

YamlNode const* YamlNode::find(std::string_view key) const {
    auto const found = std::ranges::find(entries, key, &YamlEntry::key);
    return found == entries.end() ? nullptr : &found->value;
}

YamlNode YamlNode::resolved() const {
    auto node = *this;
    auto const text = untyped ? if_string() : std::nullopt;
    auto value = text ? resolve_yaml_scalar("?", std::string(*text)) : Result<json::value>(scalar);
    if (text && value) {
        node.kind = kind_of(*value);
        node.scalar = std::move(*value);
    }
    return node;
}

std::optional<std::string_view> YamlNode::if_string() const {
    auto const* text = scalar.if_string();
    return text ? std::optional<std::string_view>(std::string_view(text->data(), text->size())) : std::nullopt;
}

std::optional<std::int64_t> YamlNode::if_int() const {
    auto const* number = scalar.if_int64();
    return number ? std::optional(*number) : std::nullopt;
}

std::optional<bool> YamlNode::if_bool() const {
    auto const* truth = scalar.if_bool();
    return truth ? std::optional(*truth) : std::nullopt;
}

std::string_view to_string(Kind kind) {
    switch (kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return "a boolean";
        case Kind::integer:
            return "an integer";
        case Kind::real:
            return "a number";
        case Kind::string:
            return "a string";
        case Kind::sequence:
            return "a sequence";
        case Kind::mapping:
            return "a mapping";
    }
    bug("every kind is above");
}

Result<YamlNode> parse_yaml(std::string_view text, std::string_view source_name, std::size_t limit_bytes) {
    if (text.size() > limit_bytes) {
        return fail(Errc::too_large, "{}: {} bytes are too many: the limit is {}", source_name, text.size(),
                    limit_bytes);
    }
    if (auto const bad = find_binary(text)) {
        return fail(Errc::malformed, "{}: not text: byte 0x{:02x} is neither UTF-8 nor printable",
                    line_of(text, *bad, source_name), static_cast<unsigned char>(text[*bad]));
    }
    std::istringstream stream{std::string(text)};
    TreeBuilder builder(std::make_shared<std::string const>(source_name), max_yaml_nodes(limit_bytes));
    NothingMore nothing_more(source_name);
    try {
        YAML::Parser parser(stream);
        if (parser.HandleNextDocument(builder)) {
            // A parser that reports documents without advancing would never end: a text holds no more than bytes.
            for (std::size_t documents = 0; parser.HandleNextDocument(nothing_more); ++documents) {
                if (documents > text.size()) return fail(Errc::malformed, "{}: not a YAML document", source_name);
            }
        }
    } catch (Refusal& refusal) {
        return std::unexpected(std::move(refusal.error));
    } catch (YAML::Exception const& error) {
        return fail(Errc::malformed, "{}: {}", place(source_name, error.mark.line + 1, error.mark.column + 1),
                    error.msg);
    }
    return builder.take();
}

json::value to_json(YamlNode const& node) {
    if (node.is_mapping()) {
        json::object object;
        object.reserve(node.entries.size());
        for (auto const& entry : node.entries) object.emplace(entry.key, to_json(entry.value));
        return object;
    }
    if (node.is_sequence()) {
        json::array array;
        array.reserve(node.items.size());
        for (auto const& item : node.items) array.push_back(to_json(item));
        return array;
    }
    return node.scalar;
}

}  // namespace vedette
