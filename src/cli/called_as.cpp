#include "cli/called_as.hpp"

namespace vedette::cli {
namespace {

constexpr std::string_view name_of_active_monitor = "active-monitor-controller";

bool has_one_dash(std::string_view word) {
    return word.size() > 2 && word[0] == '-' && word[1] != '-';
}

}  // namespace

std::vector<std::string> words_as_called(std::vector<std::string> words) {
    if (words.empty()) return words;
    auto const& called = words.front();
    if (called.substr(called.rfind('/') + 1) != name_of_active_monitor) return words;
    for (auto word = words.begin() + 1; word != words.end(); ++word) {
        if (has_one_dash(*word)) word->insert(0, "-");
    }
    // A manifest of ours with theirs for a program says so already.
    bool const says_operator = words.size() > 1 && words[1] == "operator";
    if (!says_operator) words.insert(words.begin() + 1, "operator");
    return words;
}

}  // namespace vedette::cli
