#include "base/suggest.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

using Words = std::vector<std::string>;

TEST(Nearest, FindsTypingSlipsFirstAndPartsAfterThem) {
    Words const known{"pods", "nodes", "namespaces", "deployment-rollout", "statefulset-rollout", "dns", "tcp", "http"};
    struct Row {
        std::string_view wrong;
        Words want;
    };
    for (auto const& row : {
             Row{"pod", {"pods"}},
             Row{"nodse", {"nodes"}},
             Row{"PODS", {"pods"}},
             Row{"namepsace", {"namespaces"}},
             Row{"rollout", {"deployment-rollout", "statefulset-rollout"}},
             Row{"dsn", {"dns"}},
             Row{"htpt", {"http"}},
             Row{"https-probe", {"http"}},
             Row{"xyzzy", {}},
             Row{"", {}},
             Row{"x", {}},
             Row{"\u00e9\u00e9\u00e9", {}},
         }) {
        EXPECT_EQ(nearest(row.wrong, known), row.want) << row.wrong;
    }
}

TEST(Nearest, KeepsTheBestAndNoWordTwice) {
    EXPECT_EQ(nearest("abcd", {"abcx", "abcd1", "abcd", "abcd", "bacd"}, 2), (Words{"abcd", "abcx"}));
    EXPECT_EQ(nearest("abcd", {"abcd"}, 0), Words{});
    EXPECT_EQ(nearest("abcd", {}), Words{});
}

TEST(Nearest, HugeWordsCostNothing) {
    std::string const huge(10'000'000, 'a');
    EXPECT_EQ(nearest(huge, {"aaa"}), Words{});
    EXPECT_EQ(nearest("aaa", {huge}), Words{});
}

TEST(DidYouMean, IsTheEndOfASentence) {
    EXPECT_EQ(did_you_mean("pod", {"pods"}), "; did you mean \"pods\"?");
    EXPECT_EQ(did_you_mean("abc", {"abd", "abe"}), "; did you mean \"abd\" or \"abe\"?");
    EXPECT_EQ(did_you_mean("abc", {"abd", "abe", "abf", "abg"}), "; did you mean \"abd\", \"abe\" or \"abf\"?");
    EXPECT_EQ(did_you_mean("zzz", {"abd"}), "");
}

}  // namespace
}  // namespace vedette
