// A small lexer: words, and the symbols = == != ! ( ) , > <. The words `in` and `notin` are operators only after a key,
// and whether a word is a good key or value is asked last, as the API server does: its refusals are ours.

#include "kube/label_selector.hpp"

#include "kube/name_syntax.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace vedette::kube {
namespace {

using Requirement = LabelSelector::Requirement;
using Operator = Requirement::Operator;

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view symbols = "=!(),><";

std::vector<std::string> tokens_of(std::string_view text) {
    std::vector<std::string> tokens;
    for (std::size_t at = 0; at < text.size();) {
        auto const from = at;
        if (blanks.contains(text[at])) {
            ++at;
            continue;
        }
        if (symbols.contains(text[at])) {
            at += text.substr(at, 2) == "==" || text.substr(at, 2) == "!=" ? 2 : 1;
        } else {
            while (at < text.size() && !symbols.contains(text[at]) && !blanks.contains(text[at])) ++at;
        }
        tokens.emplace_back(text.substr(from, at - from));
    }
    return tokens;
}

std::optional<std::int64_t> number_of(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

bool is_numeric(Operator op) {
    return op == Operator::greater || op == Operator::less;
}

std::string invalid(std::string_view where, std::string_view value, Faults const& why) {
    return fmt::format("{}: Invalid value: \"{}\": {}", where, value, fmt::join(why, "; "));
}

/// What is wrong with a requirement whose form is good; its key has been looked at.
std::string mistakes_of(Requirement const& requirement) {
    std::vector<std::string> mistakes;
    auto const& values = requirement.values;
    for (std::size_t i = 0; is_numeric(requirement.op) && i < values.size(); ++i) {
        if (number_of(values[i])) continue;
        mistakes.push_back(invalid(fmt::format("values[{}]", i), values[i],
                                   {"for 'Gt', 'Lt' operators, the value must be an integer"}));
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto const faults = label_value_faults(values[i]);
        if (faults.empty()) continue;
        mistakes.push_back(invalid(fmt::format("values[{}][{}]", i, requirement.key), values[i], faults));
    }
    if (mistakes.size() < 2) return mistakes.empty() ? "" : mistakes[0];
    return fmt::format("[{}]", fmt::join(mistakes, ", "));
}

class Parser {
public:
    explicit Parser(std::string_view text) : tokens_(tokens_of(text)) {}

    Result<std::vector<Requirement>> parse() {
        std::vector<Requirement> requirements;
        if (at_end()) return requirements;
        if (!begins_requirement()) return wrong("', expected: !, identifier, or 'end of string'");
        while (true) {
            auto requirement = one();
            if (!requirement) return pass(requirement, "unable to parse requirement");
            requirements.push_back(std::move(*requirement));
            if (at_end()) return requirements;
            if (!take(",")) return wrong("', expected: ',' or 'end of string'");
            if (!begins_requirement()) return wrong("', expected: identifier after ','");
        }
    }

private:
    Result<Requirement> one() {
        bool const negated = take("!");
        if (!at_word()) return wrong("', expected: identifier");
        Requirement requirement{tokens_[at_++], negated ? Operator::does_not_exist : Operator::exists, {}};
        if (auto const faults = label_key_faults(requirement.key); !faults.empty()) {
            return refused(invalid("<nil>", requirement.key, faults));
        }
        if (negated || at_end() || tokens_[at_] == ",") return requirement;
        auto values = operation(requirement.op);
        if (!values) return pass(values);
        requirement.values.assign(values->begin(), values->end());
        if (auto mistakes = mistakes_of(requirement); !mistakes.empty()) return refused(std::move(mistakes));
        return requirement;
    }

    /// Reads an operator into `op`; its operands.
    Result<std::set<std::string>> operation(Operator& op) {
        struct Spelling {
            std::string_view token;
            Operator op;
            bool set;
        };
        for (auto const& [token, meaning, set] :
             {Spelling{"=", Operator::in, false}, Spelling{"==", Operator::in, false},
              Spelling{"!=", Operator::not_in, false}, Spelling{"in", Operator::in, true},
              Spelling{"notin", Operator::not_in, true}, Spelling{">", Operator::greater, false},
              Spelling{"<", Operator::less, false}}) {
            if (!take(token)) continue;
            op = meaning;
            return set ? listed() : single();
        }
        return wrong("', expected: in, notin, =, ==, !=, gt, lt");
    }

    Result<std::set<std::string>> single() {
        if (at_end() || tokens_[at_] == ",") return std::set<std::string>{""};
        if (!at_word()) return wrong("', expected: identifier");
        return std::set<std::string>{tokens_[at_++]};
    }

    /// "(a,b)"; what is missing around a comma is the empty value, and "()" holds just that.
    Result<std::set<std::string>> listed() {
        if (!take("(")) return wrong("' expected: '('");
        if (take(")")) return std::set<std::string>{""};
        if (!at_word() && (at_end() || tokens_[at_] != ",")) return wrong("', expected: ',', ')' or identifier");
        std::set<std::string> values;
        while (true) {
            if (at_word()) {
                values.insert(tokens_[at_++]);
                if (take(")")) return values;
                if (at_end() || tokens_[at_] != ",") return wrong("', expected: ',' or ')'");
            }
            if (!take(",")) return wrong("', expected: ',', or identifier");
            bool const nothing_follows = !at_end() && (tokens_[at_] == ")" || tokens_[at_] == ",");
            if (values.empty() || nothing_follows) values.insert("");
            if (take(")")) return values;
        }
    }

    bool at_end() const { return at_ == tokens_.size(); }
    bool at_word() const { return !at_end() && !symbols.contains(tokens_[at_].front()); }
    bool begins_requirement() const { return at_word() || (!at_end() && tokens_[at_] == "!"); }

    bool take(std::string_view token) {
        if (at_end() || tokens_[at_] != token) return false;
        ++at_;
        return true;
    }

    static std::unexpected<Error> refused(std::string why) {
        return std::unexpected(Error(Errc::invalid_input, std::move(why)));
    }

    std::unexpected<Error> wrong(std::string_view rest) const {
        return refused(fmt::format("found '{}{}", at_end() ? "" : tokens_[at_], rest));
    }

    std::vector<std::string> tokens_;
    std::size_t at_ = 0;
};

bool satisfies(Requirement const& requirement, std::string const* value) {
    auto const& values = requirement.values;
    auto const listed = [&] { return value && std::ranges::find(values, *value) != values.end(); };
    auto const number = [&] { return value ? number_of(*value) : std::nullopt; };
    switch (requirement.op) {
        case Operator::in:
            return listed();
        case Operator::not_in:
            return !listed();  // an absent label is not in any set
        case Operator::exists:
            return value != nullptr;
        case Operator::does_not_exist:
            return value == nullptr;
        case Operator::greater:
            return number() && *number() > *number_of(values[0]);
        case Operator::less:
            return number() && *number() < *number_of(values[0]);
    }
    return false;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
    auto requirements = Parser(text).parse();
    if (!requirements) return pass(requirements);
    LabelSelector selector;
    selector.requirements_ = std::move(*requirements);
    return selector;
}

bool LabelSelector::matches(Lookup const& label) const {
    return std::ranges::all_of(
        requirements_, [&](Requirement const& requirement) { return satisfies(requirement, label(requirement.key)); });
}

}  // namespace vedette::kube
