// Globs beside the plainest possible matcher: a table of all prefixes. Input: pattern, newline, text.

#include "base/glob.hpp"

#include "target.hpp"

#include <algorithm>
#include <vector>

namespace vedette::fuzz {
namespace {

// For ASCII, where a code point is a byte.
bool plain_match(std::string_view pattern, std::string_view text) {
    std::vector<bool> row(text.size() + 1, false);  // row[i]: the pattern so far matches the first i bytes
    row[0] = true;
    for (char const p : pattern) {
        std::vector<bool> next(text.size() + 1, false);
        next[0] = p == '*' && row[0];
        for (std::size_t i = 0; i < text.size(); ++i) {
            next[i + 1] = p == '*' ? row[i + 1] || next[i] : row[i] && (p == '?' || p == text[i]);
        }
        row = std::move(next);
    }
    return row.back();
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0; });
}

}  // namespace

void fuzz(std::string_view input) {
    if (input.size() > 2048) return;
    auto const line = input.find('\n');
    if (line == std::string_view::npos) return;
    auto const pattern = input.substr(0, line);
    auto const text = input.substr(line + 1);
    bool const matches = glob_match(pattern, text);
    observe(matches ? "match" : "no match");
    observe(is_glob(pattern) ? "glob" : "name");
    if (!is_glob(pattern)) ensure(matches == (pattern == text), "a name matches itself only");
    if (is_ascii(input)) ensure(matches == plain_match(pattern, text), "agrees with the table");
    ensure(glob_match("*", text), "a star matches everything");
}

}  // namespace vedette::fuzz
