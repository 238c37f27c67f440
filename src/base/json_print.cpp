// Printing JSON: one writer, three layouts. Our own instead of boost::json::serialize, which prints doubles as 1E0
// and NaN as a word no JSON reader takes.

#include "base/ensure.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"

#include <charconv>
#include <cmath>

namespace vedette {
namespace {

namespace json = boost::json;

struct Layout {
    std::string_view between_items;
    std::string_view after_key;
    bool indented = false;
    bool ascii = false;
};

class Writer {
public:
    explicit Writer(Layout layout) : layout_(layout) {}

    std::string take() { return std::move(out_); }

    void write(json::value const& value) {
        switch (value.kind()) {
            case json::kind::null:
                out_ += "null";
                return;
            case json::kind::bool_:
                out_ += value.get_bool() ? "true" : "false";
                return;
            case json::kind::int64:
                fmt::format_to(std::back_inserter(out_), "{}", value.get_int64());
                return;
            case json::kind::uint64:
                fmt::format_to(std::back_inserter(out_), "{}", value.get_uint64());
                return;
            case json::kind::double_:
                write_double(value.get_double());
                return;
            case json::kind::string:
                write_string(value.get_string());
                return;
            case json::kind::array:
                write_array(value.get_array());
                return;
            case json::kind::object:
                write_object(value.get_object());
                return;
        }
    }

private:
    void write_double(double number) { out_ += std::isfinite(number) ? format_double(number) : "null"; }

    void write_array(json::array const& array) {
        out_ += '[';
        ++level_;
        bool first = true;
        for (auto const& item : array) {
            start_item(first);
            write(item);
        }
        finish(!first, ']');
    }

    void write_object(json::object const& object) {
        out_ += '{';
        ++level_;
        bool first = true;
        for (auto const& entry : object) {
            start_item(first);
            write_string(entry.key());
            out_ += layout_.after_key;
            write(entry.value());
        }
        finish(!first, '}');
    }

    void start_item(bool& first) {
        if (!first) out_ += layout_.between_items;
        first = false;
        if (layout_.indented) new_line();
    }

    void finish(bool any, char bracket) {
        --level_;
        if (layout_.indented && any) new_line();
        out_ += bracket;
    }

    void new_line() {
        out_ += '\n';
        out_.append(2 * level_, ' ');
    }

    void write_string(std::string_view text) {
        out_ += '"';
        for (std::size_t i = 0; i < text.size();) {
            auto const plain = plain_run(text.substr(i));
            out_ += text.substr(i, plain);
            i += plain;
            if (i == text.size()) break;
            auto const point = first_code_point(text.substr(i));
            write_special(point, text.substr(i, point.length));
            i += point.length;
        }
        out_ += '"';
    }

    static std::size_t plain_run(std::string_view text) {
        std::size_t i = 0;
        while (i < text.size() && text[i] >= ' ' && text[i] < 0x7F && text[i] != '"' && text[i] != '\\') ++i;
        return i;
    }

    void write_special(CodePoint point, std::string_view bytes) {
        switch (point.value) {
            case '"':
                out_ += "\\\"";
                return;
            case '\\':
                out_ += "\\\\";
                return;
            case '\b':
                out_ += "\\b";
                return;
            case '\f':
                out_ += "\\f";
                return;
            case '\n':
                out_ += "\\n";
                return;
            case '\r':
                out_ += "\\r";
                return;
            case '\t':
                out_ += "\\t";
                return;
            default:
                break;
        }
        if (point.value < 0x20 || layout_.ascii) {
            escape(point.value);
        } else {
            out_ += point.valid ? bytes : std::string_view("\xEF\xBF\xBD");
        }
    }

    void escape(char32_t point) {
        auto const unit = [&](std::uint32_t value) { fmt::format_to(std::back_inserter(out_), "\\u{:04x}", value); };
        if (point < 0x10000) return unit(point);
        unit(0xD800 + ((point - 0x10000) >> 10));
        unit(0xDC00 + ((point - 0x10000) & 0x3FF));
    }

    Layout layout_;
    std::string out_;
    std::size_t level_ = 0;
};

std::string print(json::value const& value, Layout layout) {
    Writer writer(layout);
    writer.write(value);
    return writer.take();
}

}  // namespace

std::string to_json(json::value const& value) {
    return print(value, {.between_items = ",", .after_key = ":"});
}

std::string to_pretty_json(json::value const& value) {
    return print(value, {.between_items = ",", .after_key = ": ", .indented = true});
}

std::string to_python_json(json::value const& value) {
    return print(value, {.between_items = ", ", .after_key = ": ", .ascii = true});
}

std::string format_double(double number) {
    ensure(std::isfinite(number), "callers print NaN and infinities their own way");
    char buffer[32];
    auto const end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific).ptr;
    std::string_view const text(buffer, static_cast<std::size_t>(end - buffer));
    auto const e = text.find('e');
    int exponent = 0;
    std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);
    // Python's rule: positional from 1e-4 up to, not including, 1e16.
    if (exponent < -4 || exponent >= 16) return std::string(text);

    std::string digits;
    for (char c : text.substr(0, e)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    std::string const sign = text.front() == '-' ? "-" : "";
    if (exponent < 0) return sign + "0." + std::string(static_cast<std::size_t>(-exponent) - 1, '0') + digits;
    auto const whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
    return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

}  // namespace vedette
