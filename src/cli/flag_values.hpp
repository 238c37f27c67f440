#pragma once
// What flags take. Each validator says in one sentence what would have been right; the name of the flag is put in
// front of it by whoever reports.

#include <CLI/CLI.hpp>

#include <map>
#include <string>
#include <vector>

namespace vedette::cli {

/// One of these words, case ignored; becomes its number.
CLI::Validator word_of(std::map<std::string, int> words);

template <class Enum>
CLI::Validator word_of(std::map<std::string, Enum> const& words) {
    std::map<std::string, int> numbers;
    for (auto const& [word, value] : words) numbers.emplace(word, static_cast<int>(value));
    return word_of(std::move(numbers));
}

/// One of these words, as it is.
CLI::Validator exact_word(std::vector<std::string> words);

/// A whole number from `least` to `most`; `what` names it, such as "a number of seconds".
CLI::Validator whole_number(std::string what, int least, int most);

/// true or false, as people and Go's flag package write them (1, t, yes, on; case ignored); becomes "true" or "false".
CLI::Validator truth();

/// Gives every switch of `app` and of its commands truth(). What CLI11 makes of another value depends on the kind of
/// switch: an exception that is none of its own for some, and for others the number that the value begins with.
void check_switches(CLI::App& app);

/// Why `text` is refused where one namespace is named: "\"My_Shop\" cannot be a namespace: their names are ...".
std::string no_namespace(std::string_view text);

/// Namespaces or globs, comma-separated, at least one.
CLI::Validator namespace_list();

}  // namespace vedette::cli
