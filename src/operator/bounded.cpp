#include "operator/bounded.hpp"

#include <string_view>

namespace vedette::op {
namespace {

constexpr std::string_view ellipsis = "...";

bool continues(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace

std::string bounded(std::string text, std::size_t limit) {
    if (text.size() <= limit) return text;
    auto end = limit - ellipsis.size();
    while (end > 0 && continues(text[end])) --end;
    text.resize(end);
    return text += ellipsis;
}

}  // namespace vedette::op
