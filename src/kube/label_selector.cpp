#include "kube/label_selector.hpp"

#include <algorithm>
#include <optional>

namespace vedette::kube {
namespace {

using Requirement = LabelSelector::Requirement;
using Operator = Requirement::Operator;

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '/';
}

class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool at_end() {
        skip_spaces();
        return rest_.empty();
    }
    bool take(std::string_view token) {
        skip_spaces();
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }
    std::string word() {
        skip_spaces();
        auto const end = std::find_if_not(rest_.begin(), rest_.end(), is_name_character);
        std::string taken(rest_.begin(), end);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view rest() const { return rest_; }

private:
    void skip_spaces() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    }
    std::string_view rest_;
};

std::optional<std::vector<std::string>> read_values(Reader& reader) {
    if (!reader.take("(")) return std::nullopt;
    std::vector<std::string> values;
    if (reader.take(")")) return std::nullopt;  // "in ()" could match nothing: the API server refuses it
    do values.push_back(reader.word());
    while (reader.take(","));
    if (!reader.take(")")) return std::nullopt;
    return values;
}

std::optional<Requirement> read_requirement(Reader& reader) {
    if (reader.take("!")) {
        auto key = reader.word();
        if (key.empty()) return std::nullopt;
        return Requirement{std::move(key), Operator::does_not_exist, {}};
    }
    auto key = reader.word();
    if (key.empty()) return std::nullopt;
    if (reader.take("==") || reader.take("=")) return Requirement{std::move(key), Operator::in, {reader.word()}};
    if (reader.take("!=")) return Requirement{std::move(key), Operator::not_in, {reader.word()}};
    auto before = reader;
    auto const word = reader.word();
    if (word == "in" || word == "notin") {
        auto values = read_values(reader);
        if (!values) return std::nullopt;
        return Requirement{std::move(key), word == "in" ? Operator::in : Operator::not_in, std::move(*values)};
    }
    reader = before;
    return Requirement{std::move(key), Operator::exists, {}};
}

bool satisfies(Requirement const& requirement, std::string const* value) {
    auto const& values = requirement.values;
    auto const listed = value && std::find(values.begin(), values.end(), *value) != values.end();
    switch (requirement.op) {
        case Operator::in:
            return listed;
        case Operator::not_in:
            return !listed;
        case Operator::exists:
            return value != nullptr;
        case Operator::does_not_exist:
            return value == nullptr;
    }
    return false;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
    LabelSelector selector;
    Reader reader(text);
    auto more = !reader.at_end();
    while (more) {
        auto requirement = read_requirement(reader);
        more = requirement && reader.take(",");
        if (!requirement || (!more && !reader.at_end())) {
            return fail(Errc::invalid_input, "\"{}\" is not a label selector (at \"{}\")", text, reader.rest());
        }
        selector.requirements_.push_back(std::move(*requirement));
    }
    return selector;
}

bool LabelSelector::matches(Lookup const& label) const {
    return std::all_of(requirements_.begin(), requirements_.end(),
                       [&](Requirement const& requirement) { return satisfies(requirement, label(requirement.key)); });
}

}  // namespace vedette::kube
