#include "base/glob.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vedette {
namespace {

TEST(GlobMatch, StarsAndQuestionMarks) {
    struct Row {
        std::string_view pattern;
        std::string_view text;
        bool want;
    };
    for (auto const& row : {
             Row{"", "", true},
             Row{"", "a", false},
             Row{"*", "", true},
             Row{"*", "abc", true},
             Row{"?", "", false},
             Row{"?", "a", true},
             Row{"?", "é", true},
             Row{"??", "é", false},
             Row{"a*", "abc", true},
             Row{"*c", "abc", true},
             Row{"a*c", "abc", true},
             Row{"a*c", "abcd", false},
             Row{"kube-*", "kube-system", true},
             Row{"kube-*", "kube", false},
             Row{"*a*b*", "xxaxxbxx", true},
             Row{"*a*b*", "xxbxxaxx", false},
             Row{"a?c", "abc", true},
             Row{"a?c", "ac", false},
             Row{"**", "x", true},
             Row{"*.svc", "a.svc.svc", true},
             Row{"A", "a", false},
             Row{"[a]", "[a]", true},
             Row{"*?é", "aéé", true},
         }) {
        EXPECT_EQ(glob_match(row.pattern, row.text), row.want) << row.pattern << " against " << row.text;
    }
    EXPECT_TRUE(is_glob("a*"));
    EXPECT_TRUE(is_glob("a?"));
    EXPECT_FALSE(is_glob("a[b]"));
    EXPECT_FALSE(is_glob(""));
}

bool by_definition(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*') {
        return by_definition(pattern.substr(1), text) || (!text.empty() && by_definition(pattern, text.substr(1)));
    }
    return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
           by_definition(pattern.substr(1), text.substr(1));
}

TEST(GlobMatch, AgreesWithTheDefinition) {
    Random random(5);
    auto const word = [&](std::string_view letters, std::uint64_t longest) {
        std::string text;
        for (auto n = random.below(longest); n > 0; --n) text += letters[random.below(letters.size())];
        return text;
    };
    for (int i = 0; i < 50'000; ++i) {
        auto const pattern = word("ab*?", 8);
        auto const text = word("ab", 10);
        ASSERT_EQ(glob_match(pattern, text), by_definition(pattern, text)) << pattern << " against " << text;
    }
}

TEST(GlobMatch, ManyStarsAreNoExponentialCase) {
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "*a";
    EXPECT_FALSE(glob_match(pattern + "b", std::string(100'000, 'a')));
}

}  // namespace
}  // namespace vedette
