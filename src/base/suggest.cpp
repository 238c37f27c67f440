// Suggestions. Words past 64 bytes get none, which bounds the work on foreign input.

#include "base/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace vedette {
namespace {

constexpr std::size_t longest_word = 64;
constexpr std::size_t shortest_part = 3;

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto const replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            bool const swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

/// How far the words are apart, if near enough to be worth a mention.
std::optional<std::size_t> rank(std::string const& wrong, std::string const& known) {
    if (wrong.empty() || known.empty() || known.size() > longest_word) return std::nullopt;
    auto const slips = distance(wrong, known);
    if (slips <= std::max<std::size_t>(1, std::max(wrong.size(), known.size()) / 3) && slips < known.size()) {
        return slips;
    }
    bool const contained = (wrong.size() >= shortest_part && known.find(wrong) != std::string::npos) ||
                           (known.size() >= shortest_part && wrong.find(known) != std::string::npos);
    if (contained) return longest_word + slips;
    return std::nullopt;
}

}  // namespace

std::vector<std::string> nearest(std::string_view wrong, std::vector<std::string> const& known, std::size_t at_most) {
    if (wrong.size() > longest_word) return {};
    std::vector<std::pair<std::size_t, std::size_t>> candidates;  // rank, index in known
    auto const wanted = lower(wrong);
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (auto const found = rank(wanted, lower(known[i]))) candidates.emplace_back(*found, i);
    }
    std::ranges::sort(candidates);
    std::vector<std::string> result;
    for (auto const& [_, index] : candidates) {
        if (result.size() == at_most) break;
        if (std::ranges::find(result, known[index]) == result.end()) result.push_back(known[index]);
    }
    return result;
}

std::string did_you_mean(std::string_view wrong, std::vector<std::string> const& known, std::size_t at_most) {
    auto const words = nearest(wrong, known, at_most);
    if (words.empty()) return "";
    std::string list;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) list += i + 1 == words.size() ? " or " : ", ";
        list += fmt::format("\"{}\"", words[i]);
    }
    return fmt::format("; did you mean {}?", list);
}

}  // namespace vedette
