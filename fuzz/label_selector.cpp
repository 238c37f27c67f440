// Label selectors: what parses can be asked about any object, and a requirement and its opposite never agree.
// Input: the selector, newline, the value of every label.

#include "kube/label_selector.hpp"

#include "target.hpp"

namespace vedette::fuzz {

void fuzz(std::string_view input) {
    auto const line = input.find('\n');
    auto const text = input.substr(0, line);
    std::string const value(line == std::string_view::npos ? std::string_view() : input.substr(line + 1));
    auto const selector = kube::LabelSelector::parse(text);
    if (!observe(selector)) return;
    bool const set = selector->matches([&](std::string_view) { return &value; });
    bool const unset = selector->matches([](std::string_view) -> std::string const* { return nullptr; });
    observe(set ? "matches" : "differs");
    observe(unset ? "matches nothing" : "wants something");
    if (selector->empty()) ensure(set && unset, "no requirement matches everything");
    using enum kube::LabelSelector::Requirement::Operator;
    for (auto const& requirement : selector->requirements()) {
        ensure(!requirement.key.empty(), "a requirement has a key");
        bool const positive = requirement.op != not_in && requirement.op != does_not_exist;
        if (positive) ensure(!unset, "what must be there is missed");
        if (requirement.op == does_not_exist) ensure(!set, "what must not be there is seen");
        observe("values", requirement.values.size());
    }
}

}  // namespace vedette::fuzz
