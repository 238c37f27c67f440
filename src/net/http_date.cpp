#include "net/http_date.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace vedette::net {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months_of_year{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> number(std::string_view digits) {
    int value = 0;
    auto const* const end = digits.data() + digits.size();
    auto const read = std::from_chars(digits.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || value < 0) return std::nullopt;
    return value;
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
    constexpr std::string_view form = "Sun, 06 Nov 1994 08:49:37 GMT";
    if (text.size() != form.size() || !text.ends_with(" GMT")) return std::nullopt;
    auto const month = std::ranges::find(months_of_year, text.substr(8, 3));
    auto const day = number(text.substr(5, 2));
    auto const year_number = number(text.substr(12, 4));
    auto const hour = number(text.substr(17, 2));
    auto const minute = number(text.substr(20, 2));
    auto const second = number(text.substr(23, 2));
    if (month == months_of_year.end() || !day || !year_number || !hour || !minute || !second) return std::nullopt;
    year_month_day const date(year(*year_number),
                              std::chrono::month(static_cast<unsigned>(month - months_of_year.begin()) + 1),
                              std::chrono::day(static_cast<unsigned>(*day)));
    // The years that a WallTime holds.
    if (!date.ok() || *year_number < 1678 || *year_number > 2261) return std::nullopt;
    if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
}

}  // namespace vedette::net
