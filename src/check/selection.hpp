#pragma once
// Which checks of a suite run: -g, -n and -s. Alternatives inside one filter, all filters together.

#include "check/instance.hpp"

namespace vedette::check {

struct Filters {
    std::vector<std::string> groups;  ///< exact, or a glob with `*`
    std::vector<std::string> names;
    std::vector<std::string> services;
};

/// "a, b ,c" -> a b c; empty parts are dropped. A comma after a backslash is part of a name: `a\, b` names "a, b".
std::vector<std::string> split_filter(std::string_view text);

/// The instances that match, in order. Errors: invalid_input when a single alternative, or the filters together, match
/// nothing: the text names the nearest known words. `allow_empty` gives an empty selection instead.
Result<std::vector<Instance>> select(std::vector<Instance> const& instances, Filters const& filters, bool allow_empty);

}  // namespace vedette::check
