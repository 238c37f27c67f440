#include "check/catalogue/probes/printable.hpp"

#include "base/utf8.hpp"

namespace vedette::check {

std::string printable(std::string_view bytes, std::size_t limit) {
    std::string text;
    while (!bytes.empty()) {
        auto const point = first_code_point(bytes);
        auto piece = point.valid ? bytes.substr(0, point.length) : std::string_view("\xef\xbf\xbd");
        if (point.value < 0x20 || point.value == 0x7f) piece = " ";
        if (text.size() + piece.size() > limit) break;
        text += piece;
        bytes.remove_prefix(point.length);
    }
    return text;
}

}  // namespace vedette::check
