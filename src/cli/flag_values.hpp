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

/// Namespaces or globs, comma-separated, at least one.
CLI::Validator namespace_list();

}  // namespace vedette::cli
