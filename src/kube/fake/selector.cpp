// A label selector is read with a small lexer: words and the symbols = == != ( ) , !. The words `in` and `notin` are
// operators only after a key.

#include "kube/fake/selector.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::kube::fake {
namespace {

using Requirement = LabelSelector::Requirement;
using Operator = Requirement::Operator;

bool is_symbol(char c) {
    return c == '=' || c == '!' || c == '(' || c == ')' || c == ',' || c == '>' || c == '<';
}

std::vector<std::string> tokens_of(std::string_view text) {
    std::vector<std::string> tokens;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ' ' || text[at] == '\t') {
            ++at;
        } else if (text.substr(at, 2) == "==" || text.substr(at, 2) == "!=") {
            tokens.emplace_back(text.substr(at, 2));
            at += 2;
        } else if (is_symbol(text[at])) {
            tokens.emplace_back(1, text[at++]);
        } else {
            auto const from = at;
            while (at < text.size() && !is_symbol(text[at]) && text[at] != ' ' && text[at] != '\t') ++at;
            tokens.emplace_back(text.substr(from, at - from));
        }
    }
    return tokens;
}

class LabelParser {
public:
    explicit LabelParser(std::string_view text) : tokens_(tokens_of(text)) {}

    Answer<std::vector<Requirement>> parse() {
        std::vector<Requirement> requirements;
        while (at_ < tokens_.size()) {
            if (!at_word() && tokens_[at_] != "!") return wrong("', expected: !, identifier, or 'end of string'");
            auto requirement = one();
            if (!requirement) return refuse(requirement.error());
            requirements.push_back(std::move(*requirement));
            if (at_ == tokens_.size()) break;
            if (!take(",")) return wrong("', expected: ',' or 'end of string'");
            if (at_ == tokens_.size()) return wrong("', expected: identifier after ','");
        }
        return requirements;
    }

private:
    Answer<Requirement> one() {
        if (take("!")) {
            if (!at_word()) return wrong("', expected: identifier", requirement_);
            return Requirement{tokens_[at_++], Operator::does_not_exist, {}};
        }
        Requirement requirement{tokens_[at_++], Operator::exists, {}};
        if (at_ == tokens_.size() || tokens_[at_] == ",") return requirement;
        if (take("=") || take("==")) return equal(std::move(requirement), Operator::in);
        if (take("!=")) return equal(std::move(requirement), Operator::not_in);
        if (take("in")) return set(std::move(requirement), Operator::in);
        if (take("notin")) return set(std::move(requirement), Operator::not_in);
        return wrong("', expected: in, notin, =, ==, !=, gt, lt", requirement_);
    }

    Answer<Requirement> equal(Requirement requirement, Operator op) {
        requirement.op = op;
        requirement.values.push_back(at_word() ? tokens_[at_++] : std::string());
        return requirement;
    }

    Answer<Requirement> set(Requirement requirement, Operator op) {
        requirement.op = op;
        if (!take("(")) return wrong("' expected: '('", requirement_);
        while (true) {
            requirement.values.push_back(at_word() ? tokens_[at_++] : std::string());
            if (take(")")) return requirement;
            if (!take(",")) return wrong("', expected: ',' or ')'", requirement_);
        }
    }

    bool at_word() const { return at_ < tokens_.size() && !is_symbol(tokens_[at_].front()); }

    bool take(std::string_view token) {
        if (at_ == tokens_.size() || tokens_[at_] != token) return false;
        ++at_;
        return true;
    }

    std::unexpected<Refusal> wrong(std::string_view rest, std::string_view context = "") const {
        auto const found = at_ < tokens_.size() ? tokens_[at_] : std::string();
        return refuse(bad_request(fmt::format("{}found '{}{}", context, found, rest)));
    }

    static constexpr std::string_view requirement_ = "unable to parse requirement: ";
    std::vector<std::string> tokens_;
    std::size_t at_ = 0;
};

bool fits(Requirement const& requirement, boost::json::object const* labels) {
    auto const* value = labels ? labels->if_contains(requirement.key) : nullptr;
    auto const listed = [&] {
        return value && value->is_string() &&
               std::ranges::find(requirement.values, std::string_view(value->get_string())) != requirement.values.end();
    };
    switch (requirement.op) {
        case Operator::in:
            return listed();
        case Operator::not_in:
            return !listed();  // an absent label is not in any set
        case Operator::exists:
            return value != nullptr;
        case Operator::does_not_exist:
            return value == nullptr;
    }
    return false;
}

std::optional<SelectableField> field_of(Kind const& kind, std::string_view path) {
    if (path == "metadata.name" || (path == "metadata.namespace" && kind.resource().namespaced)) {
        return SelectableField{std::string(path), ""};
    }
    for (auto const& field : kind.fields) {
        if (field.path == path) return field;
    }
    return std::nullopt;
}

// Kinds that offer fields of their own word their refusal otherwise than the rest.
Refusal unknown_field(Kind const& kind, std::string_view path) {
    if (kind.collection() == "jobs.batch") {
        return bad_request(fmt::format("field label \"{}\" not supported for Job", path));
    }
    if (kind.custom || !kind.fields.empty()) {
        return bad_request(fmt::format("field label not supported: {}", path));
    }
    return bad_request(
        fmt::format("\"{}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", path));
}

// The terms between commas; a backslash takes the special meaning from the character after it.
std::vector<std::string_view> terms_of(std::string_view text) {
    std::vector<std::string_view> terms;
    std::size_t from = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        if (at < text.size() && text[at] == '\\') {
            ++at;
        } else if (at == text.size() || text[at] == ',') {
            if (at > from) terms.push_back(text.substr(from, at - from));
            from = at + 1;
        }
    }
    return terms;
}

Answer<std::string> unescaped(std::string_view value) {
    std::string text;
    for (std::size_t at = 0; at < value.size(); ++at) {
        char const c = value[at];
        if (c == '=' || c == ',') {
            return refuse(bad_request(fmt::format("invalid field selector: unescaped character in value: {}", int{c})));
        }
        if (c == '\\' && ++at == value.size()) {
            return refuse(bad_request("invalid field selector: invalid escape sequence: \\"));
        }
        text += value[at];
    }
    return text;
}

std::string selectable_text(SelectableField const& field, boost::json::object const& object) {
    // Three names differ from the place of their value.
    auto path = field.path;
    if (path == "name") path = "metadata.name";
    if (path == "source") path = "source.component";
    if (path == "status.successful") path = "status.succeeded";
    auto text = text_at(object, path);
    if (text.empty() && field.path == "source") text = text_at(object, "reportingComponent");
    return text.empty() ? field.otherwise : text;
}

}  // namespace

Answer<LabelSelector> LabelSelector::parse(std::string_view text) {
    auto requirements = LabelParser(text).parse();
    if (!requirements) return refuse(requirements.error());
    LabelSelector selector;
    selector.requirements_ = std::move(*requirements);
    return selector;
}

bool LabelSelector::matches(boost::json::object const& object) const {
    if (requirements_.empty()) return true;
    auto const* labels = at_path(object, "metadata.labels");
    auto const* map = labels ? labels->if_object() : nullptr;
    return std::ranges::all_of(requirements_, [&](Requirement const& r) { return fits(r, map); });
}

Answer<FieldSelector> FieldSelector::parse(std::string_view text, Kind const& kind) {
    FieldSelector selector;
    for (auto const term : terms_of(text)) {
        auto const sign = term.find_first_of("=!");
        auto const equal = sign != std::string_view::npos && term[sign] == '=';
        if (sign == std::string_view::npos || (!equal && term.substr(sign, 2) != "!=")) {
            return refuse(bad_request(fmt::format("invalid selector: '{}'; can't understand '{}'", text, term)));
        }
        auto const two = !equal || term.substr(sign, 2) == "==";
        auto value = unescaped(term.substr(sign + (two ? 2 : 1)));
        if (!value) return refuse(value.error());
        auto field = field_of(kind, term.substr(0, sign));
        if (!field) return refuse(unknown_field(kind, term.substr(0, sign)));
        selector.terms_.push_back({std::move(*field), std::move(*value), equal});
    }
    return selector;
}

bool FieldSelector::matches(boost::json::object const& object) const {
    return std::ranges::all_of(
        terms_, [&](Term const& term) { return (selectable_text(term.field, object) == term.value) == term.equal; });
}

boost::json::value const* at_path(boost::json::object const& object, std::string_view path) {
    auto const* here = &object;
    while (true) {
        auto const dot = path.find('.');
        auto const* value = here->if_contains(path.substr(0, dot));
        if (!value || dot == std::string_view::npos) return value;
        here = value->if_object();
        if (!here) return nullptr;
        path.remove_prefix(dot + 1);
    }
}

std::string text_at(boost::json::object const& object, std::string_view path) {
    auto const* value = at_path(object, path);
    if (!value || value->is_null()) return {};
    if (value->is_string()) return std::string(value->get_string());
    return boost::json::serialize(*value);
}

}  // namespace vedette::kube::fake
