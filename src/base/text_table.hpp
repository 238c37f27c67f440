#pragma once
// Tables for a terminal: aligned columns two spaces apart, no trailing spaces.

#include <cstddef>
#include <string>
#include <vector>

namespace vedette {

class TextTable {
public:
    enum class Align { left, right };

    struct Column {
        std::string title;
        Align align = Align::left;
    };

    struct Cell {
        Cell(std::string cell_text = "", std::string cell_style = "")
            : text(std::move(cell_text)), style(std::move(cell_style)) {}
        Cell(char const* cell_text) : text(cell_text) {}

        std::string text;
        std::string style;  ///< an ANSI escape sequence such as "\x1b[31m", or nothing
    };

    struct Layout {
        std::size_t width = 0;    ///< cuts the last column (an ellipsis ends it) so that lines fit; 0: never
        bool titles = true;       ///< print the line of titles
        std::string title_style;  ///< an ANSI escape sequence for the titles
        std::size_t indent = 0;   ///< spaces in front of every line
    };

    explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// Missing cells are empty; more cells than columns are a bug.
    void add_row(std::vector<Cell> cells);
    bool empty() const { return rows_.empty(); }

    /// Lines ending in a newline each. One code point counts as one column; control characters in cells are printed
    /// as spaces, so a cell can neither break the table nor steer the terminal.
    std::string render(Layout const& layout) const;
    std::string render() const { return render(Layout{}); }

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace vedette
