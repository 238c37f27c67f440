// Scalar resolution. The first character decides what a plain scalar can be at all; the golden test compares the
// outcome with sigs.k8s.io/yaml itself.

#include "base/yaml_scalar.hpp"

#include "base/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace vedette {
namespace {

namespace json = boost::json;
using Maybe = std::optional<json::value>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, text) != words.end();
}

Maybe from_word(std::string_view text) {
    if (is_any_of(text, {"", "~", "null", "Null", "NULL"})) return json::value(nullptr);
    if (is_any_of(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return true;
    if (is_any_of(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) return false;
    if (is_any_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return infinity;
    if (is_any_of(text, {"-.inf", "-.Inf", "-.INF"})) return -infinity;
    if (is_any_of(text, {".nan", ".NaN", ".NAN"})) return not_a_number;
    return std::nullopt;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// [sign] then `.5`, `5`, `5.` or `5.5`, then an exponent or not.
bool is_float(std::string_view text) {
    std::size_t i = 0;
    auto const digits = [&] {
        auto const begin = i;
        while (i < text.size() && is_digit(text[i])) ++i;
        return i - begin;
    };
    auto const at = [&](std::string_view set) {
        return i < text.size() && set.find(text[i]) != std::string_view::npos;
    };
    if (at("+-")) ++i;
    auto const whole = digits();
    if (at(".")) {
        ++i;
        if (digits() == 0 && whole == 0) return false;
    } else if (whole == 0) {
        return false;
    }
    if (at("eE")) {
        ++i;
        if (at("+-")) ++i;
        if (digits() == 0) return false;
    }
    return i == text.size();
}

Maybe from_float(std::string_view text) {
    if (!is_float(text)) return std::nullopt;
    if (text.front() == '+') text.remove_prefix(1);
    auto const number = parse_decimal(text);
    return number ? Maybe(*number) : std::nullopt;
}

/// Takes `0x`, `0o`, `0b` or the `0` of an octal number off and returns the base.
int take_base(std::string_view& digits) {
    if (digits.empty() || digits.front() != '0') return 10;
    if (digits.size() >= 3) {
        switch (digits[1]) {
            case 'x':
            case 'X':
                digits.remove_prefix(2);
                return 16;
            case 'o':
            case 'O':
                digits.remove_prefix(2);
                return 8;
            case 'b':
            case 'B':
                digits.remove_prefix(2);
                return 2;
            default:
                break;
        }
    }
    if (digits.size() > 1) digits.remove_prefix(1);
    return 8;
}

Maybe integer(std::string_view digits, int base, char sign) {
    std::uint64_t value = 0;
    auto const* const end = digits.data() + digits.size();
    auto const got = std::from_chars(digits.data(), end, value, base);
    if (got.ec != std::errc() || got.ptr != end) return std::nullopt;
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    if (sign == '-') {
        if (value > most + 1) return std::nullopt;
        return json::value(static_cast<std::int64_t>(0 - value));
    }
    if (value <= most) return json::value(static_cast<std::int64_t>(value));
    return sign == '+' ? std::nullopt : Maybe(value);
}

char take_sign(std::string_view& text) {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return '\0';
    auto const sign = text.front();
    text.remove_prefix(1);
    return sign;
}

Maybe from_integer(std::string_view text) {
    auto digits = text;
    auto const sign = take_sign(digits);
    auto const base = take_base(digits);
    if (auto found = integer(digits, base, sign)) return found;
    if (!text.starts_with("0b")) return std::nullopt;
    // yaml.v2 also reads the sign behind the prefix: 0b-11.
    digits = text.substr(2);
    auto const inner_sign = take_sign(digits);
    return integer(digits, 2, inner_sign);
}

/// The text without underscores that stand between two digits; numbers that begin with a dot allow only these.
std::string without_separators(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const separates =
            text[i] == '_' && i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
        if (!separates) plain += text[i];
    }
    return plain;
}

json::value from_plain(std::string const& text) {
    if (auto word = from_word(text)) return *std::move(word);
    Maybe number;
    if (text.front() == '.') {
        number = from_float(without_separators(text));
    } else if (is_digit(text.front()) || text.front() == '+' || text.front() == '-') {
        std::string plain = text;
        std::erase(plain, '_');
        number = from_integer(plain);
        if (!number) number = from_float(plain);
    }
    return number ? *std::move(number) : json::value(text);
}

bool is_whole(json::value const& value) {
    return value.is_int64() || value.is_uint64();
}

}  // namespace

Result<json::value> resolve_yaml_scalar(std::string_view tag, std::string const& text) {
    constexpr std::string_view standard = "tag:yaml.org,2002:";
    if (tag.empty() || tag == "?") return from_plain(text);
    if (!tag.starts_with(standard)) return json::value(text);
    auto const type = tag.substr(standard.size());
    if (type == "binary") return fail(Errc::malformed, "!!binary is not supported: JSON has no bytes");
    if (!is_any_of(type, {"bool", "int", "float", "null"})) return json::value(text);
    auto value = from_plain(text);
    if (type == "float" && value.is_int64()) value = static_cast<double>(value.get_int64());
    bool const fits = (type == "bool" && value.is_bool()) || (type == "int" && is_whole(value)) ||
                      (type == "float" && value.is_double()) || (type == "null" && value.is_null());
    if (!fits) return fail(Errc::malformed, "the value is not !!{}", type);  // unquoted: it may be a secret
    return value;
}

std::optional<std::string> yaml_key(json::value const& scalar) {
    if (auto const* text = scalar.if_string()) return std::string(text->data(), text->size());
    if (auto const* truth = scalar.if_bool()) return *truth ? "true" : "false";
    if (auto const* number = scalar.if_int64()) return fmt::format("{}", *number);
    auto const* real = scalar.if_double();
    if (!real) return std::nullopt;
    // Single precision and `%g`, as sigs.k8s.io/yaml has it.
    auto const narrow = static_cast<float>(*real);
    if (std::isnan(narrow)) return ".nan";
    if (std::isinf(narrow)) return narrow > 0 ? ".inf" : "-.inf";
    char buffer[64];
    auto const magnitude = std::abs(narrow);
    bool const positional = magnitude == 0 || (magnitude >= 1e-4F && magnitude < 1e6F);
    auto const form = positional ? std::chars_format::fixed : std::chars_format::scientific;
    auto const end = std::to_chars(buffer, buffer + sizeof buffer, narrow, form).ptr;
    return std::string(buffer, end);
}

}  // namespace vedette
