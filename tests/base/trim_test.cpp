#include "base/trim.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

TEST(Trim, TakesBlanksFromBothEndsAndNoneFromWithin) {
    EXPECT_EQ(trim(" \r\n\ta b\t \n"), "a b");
    EXPECT_EQ(trim("ab"), "ab");
    EXPECT_EQ(trim(" \n\t\r "), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("\t a ", " "), "\t a");
    EXPECT_EQ(trim("\fa\v"), "\fa\v");
}

}  // namespace
}  // namespace vedette
