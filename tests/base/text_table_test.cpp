#include "base/text_table.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

using Align = TextTable::Align;

TEST(TextTable, AlignsByCodePointsAndLeavesNoTrailingSpaces) {
    TextTable table({{"NAME"}, {"READY", Align::right}, {"MESSAGE"}});
    table.add_row({"web", "1", "fine"});
    table.add_row({"caf\u00e9-1", "10"});
    table.add_row({"", "", "only this"});
    table.add_row({});
    EXPECT_EQ(table.render(),
              "NAME    READY  MESSAGE\n"
              "web         1  fine\n"
              "caf\u00e9-1     10\n"
              "               only this\n"
              "\n");
}

TEST(TextTable, CutsTheLastColumnToTheWidth) {
    TextTable table({{"A"}, {"TEXT"}});
    table.add_row({"x", "0123456789"});
    table.add_row({"x", "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"});
    table.add_row({"x", "12 45678"});
    EXPECT_EQ(table.render({.width = 8, .titles = false}),
              "x  0123\u2026\nx  \u00e9\u00e9\u00e9\u00e9\u2026\nx  12 4\u2026\n");
    EXPECT_EQ(table.render({.width = 1, .titles = false}), "x  \u2026\nx  \u2026\nx  \u2026\n");
    EXPECT_EQ(table.render({.width = 13, .titles = false}),
              "x  0123456789\nx  \u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\nx  12 45678\n");
}

TEST(TextTable, AStyleWrapsThePaddedText) {
    TextTable table({{"S"}, {"N", Align::right}});
    table.add_row({TextTable::Cell("ok", "\x1b[32m"), TextTable::Cell("7", "\x1b[1m")});
    table.add_row({"critical", "123"});
    EXPECT_EQ(table.render({.title_style = "\x1b[4m"}),
              "\x1b[4mS       \x1b[0m  \x1b[4m  N\x1b[0m\n"
              "\x1b[32mok      \x1b[0m  \x1b[1m  7\x1b[0m\n"
              "critical  123\n");
}

TEST(TextTable, CellsCannotBreakTheTableNorSteerTheTerminal) {
    TextTable table({{"A"}, {"B"}});
    table.add_row({"x\ny\x1b[2J", "\xff\u0085z\t"});
    EXPECT_EQ(table.render({.titles = false, .indent = 2}), "  x y [2J  \uFFFD z\n");
}

TEST(TextTable, EmptyOnes) {
    EXPECT_EQ(TextTable({}).render(), "");
    EXPECT_EQ(TextTable({{"A"}, {"B"}}).render(), "A  B\n");
    EXPECT_TRUE(TextTable({{"A"}}).empty());
}

}  // namespace
}  // namespace vedette
