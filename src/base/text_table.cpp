// Tables. A style wraps the padded text, so widths are measured on text that holds no escape sequence.

#include "base/text_table.hpp"

#include "base/ensure.hpp"
#include "base/utf8.hpp"

#include <algorithm>

namespace vedette {
namespace {

constexpr std::size_t gap = 2;
constexpr std::string_view reset = "\x1b[0m";
constexpr std::string_view ellipsis = "\u2026";

bool is_control(char32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0);
}

std::string printable(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        auto const point = first_code_point(text.substr(i));
        if (is_control(point.value)) {
            result += ' ';
        } else {
            result += point.valid ? text.substr(i, point.length) : std::string_view("\uFFFD");
        }
        i += point.length;
    }
    result.erase(result.find_last_not_of(' ') + 1);
    return result;
}

std::string cut(std::string const& text, std::size_t width) {
    if (count_code_points(text) <= width) return text;
    std::size_t bytes = 0;
    for (std::size_t n = 0; n + 1 < width; ++n) bytes += first_code_point(std::string_view(text).substr(bytes)).length;
    auto kept = text.substr(0, bytes);
    kept.erase(kept.find_last_not_of(' ') + 1);
    return kept + std::string(ellipsis);
}

using Row = std::vector<TextTable::Cell>;

std::vector<std::size_t> widths_of(std::vector<Row> const& rows, std::size_t columns) {
    std::vector<std::size_t> widths(columns, 0);
    for (auto const& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], count_code_points(row[i].text));
    }
    return widths;
}

void cut_last_column(std::vector<Row>& rows, std::vector<std::size_t>& widths, TextTable::Layout const& layout) {
    auto taken = layout.indent;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) taken += widths[i] + gap;
    auto const room = layout.width > taken ? layout.width - taken : 1;
    if (widths.back() <= room) return;
    widths.back() = room;
    for (auto& row : rows) {
        if (row.size() == widths.size()) row.back().text = cut(row.back().text, room);
    }
}

std::string styled(std::string const& text, std::string const& style) {
    return style.empty() ? text : style + text + std::string(reset);
}

}  // namespace

void TextTable::add_row(std::vector<Cell> cells) {
    ensure(cells.size() <= columns_.size(), "a row has a cell per column at most");
    rows_.push_back(std::move(cells));
}

std::string TextTable::render(Layout const& layout) const {
    if (columns_.empty()) return "";
    std::vector<Row> rows;
    if (layout.titles) {
        rows.emplace_back();
        for (auto const& column : columns_) rows.back().emplace_back(column.title, layout.title_style);
    }
    rows.insert(rows.end(), rows_.begin(), rows_.end());
    for (auto& row : rows) {
        for (auto& cell : row) cell.text = printable(cell.text);
        while (!row.empty() && row.back().text.empty()) row.pop_back();
    }
    auto widths = widths_of(rows, columns_.size());
    if (layout.width > 0) cut_last_column(rows, widths, layout);

    std::string out;
    for (auto const& row : rows) {
        if (!row.empty()) out.append(layout.indent, ' ');
        for (std::size_t i = 0; i < row.size(); ++i) {
            std::string const padding(widths[i] - count_code_points(row[i].text), ' ');
            bool const last = i + 1 == row.size();
            bool const right = columns_[i].align == Align::right;
            auto const text = right ? padding + row[i].text : last ? row[i].text : row[i].text + padding;
            out += styled(text, row[i].style);
            if (!last) out.append(gap, ' ');
        }
        out += '\n';
    }
    return out;
}

}  // namespace vedette
