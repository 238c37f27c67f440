// Reading JSON. Boost's event parser under a handler of ours instead of boost::json::parse: that one reads doubles
// with an error of one unit in the last place (1.81), which would change objects we only carry.

#include "base/json.hpp"

#include "base/decimal.hpp"
#include "base/utf8.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace vedette {
namespace {

namespace json = boost::json;
using boost::system::error_code;

class TreeBuilder {
public:
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    TreeBuilder() {}  // not "= default": nobody has to clear the room

    json::value release() { return stack_.release(); }

    bool on_document_begin(error_code&) {
        stack_.reset();
        return true;
    }
    bool on_document_end(error_code&) { return true; }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t n, error_code&) {
        stack_.push_array(n);
        return true;
    }
    bool on_object_begin(error_code&) { return true; }
    bool on_object_end(std::size_t n, error_code&) {
        stack_.push_object(n);
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(json::string_view rest, std::size_t, error_code&) {
        stack_.push_string(rest);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_key(json::string_view rest, std::size_t, error_code&) {
        stack_.push_key(rest);
        return true;
    }
    bool on_number_part(json::string_view part, error_code&) {
        digits_.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t number, json::string_view, error_code&) {
        digits_.clear();
        stack_.push_int64(number);
        return true;
    }
    bool on_uint64(std::uint64_t number, json::string_view, error_code&) {
        digits_.clear();
        stack_.push_uint64(number);
        return true;
    }
    bool on_double(double, json::string_view rest, error_code& ec) {
        digits_.append(rest.data(), rest.size());
        auto const number = parse_decimal(digits_);
        if (!number) ec = make_error_code(json::error::exponent_overflow);
        stack_.push_double(number.value_or(0));
        digits_.clear();
        return !ec;
    }
    bool on_bool(bool truth, error_code&) {
        stack_.push_bool(truth);
        return true;
    }
    bool on_null(error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

private:
    alignas(json::value) unsigned char room_[4096];  // of the stack: most texts need no more
    json::value_stack stack_{json::storage_ptr(), room_, sizeof room_};
    std::string digits_;
};

std::string where(std::string_view text, std::size_t offset, std::string_view source) {
    auto const before = text.substr(0, offset);
    std::size_t const line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    auto const newline = before.rfind('\n');
    auto const on_line = newline == std::string_view::npos ? before : before.substr(newline + 1);
    return fmt::format("{}:{}:{}", source, line, count_code_points(on_line) + 1);
}

std::string describe(error_code const& ec, std::string_view text, std::size_t offset) {
    if (ec == json::error::incomplete) return text.empty() ? "the text is empty" : "the text ends too early";
    if (ec == json::error::extra_data) return "something follows the end of the value";
    if (ec == json::error::too_deep) return fmt::format("nested more than {} levels deep", max_json_depth);
    if (ec == json::error::exponent_overflow) return "the number is too large";
    if (ec == json::error::syntax && offset < text.size()) {
        auto const point = first_code_point(text.substr(offset));
        if (point.value > 0x20 && point.value != 0x7F) {
            return fmt::format("unexpected '{}'", text.substr(offset, point.length));
        }
    }
    return ec.message();
}

json::value const* child(json::value const& parent, std::string_view key) {
    if (auto const* object = parent.if_object()) return object->if_contains(key);
    auto const* array = parent.if_array();
    if (!array) return nullptr;
    std::size_t index = 0;
    auto const got = std::from_chars(key.data(), key.data() + key.size(), index);
    if (got.ec != std::errc() || got.ptr != key.data() + key.size()) return nullptr;
    return array->if_contains(index);
}

std::string string_or(json::value const* value, std::string_view otherwise) {
    auto const* text = value ? value->if_string() : nullptr;
    return text ? std::string(text->data(), text->size()) : std::string(otherwise);
}

std::optional<std::int64_t> whole_number(json::value const* value) {
    if (!value) return std::nullopt;
    if (auto const* number = value->if_int64()) return *number;
    auto const* real = value->if_double();
    if (!real || std::trunc(*real) != *real || *real < -0x1p63 || *real >= 0x1p63) return std::nullopt;
    return static_cast<std::int64_t>(*real);
}

bool truth_or(json::value const* value, bool otherwise) {
    auto const* truth = value ? value->if_bool() : nullptr;
    return truth ? *truth : otherwise;
}

}  // namespace

Result<json::value> parse_json(std::string_view text, std::string_view source_name) {
    json::parse_options options;
    options.max_depth = max_json_depth;
    json::basic_parser<TreeBuilder> parser(options);
    error_code ec;
    auto const used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) ec = make_error_code(json::error::extra_data);
    if (!ec) return parser.handler().release();
    auto const code = ec == json::error::too_deep ? Errc::too_large : Errc::malformed;
    return fail(code, "{}: {}", where(text, used, source_name), describe(ec, text, used));
}

json::value const* find(json::value const& root, std::string_view dotted_path) {
    auto const* at = &root;
    while (at && !dotted_path.empty()) {
        auto const dot = dotted_path.find('.');
        at = child(*at, dotted_path.substr(0, dot));
        dotted_path = dot == std::string_view::npos ? "" : dotted_path.substr(dot + 1);
    }
    return at;
}

json::value const* find(json::object const& root, std::string_view dotted_path) {
    auto const dot = dotted_path.find('.');
    auto const* first = root.if_contains(dotted_path.substr(0, dot));
    if (!first || dot == std::string_view::npos) return first;
    return find(*first, dotted_path.substr(dot + 1));
}

std::string get_string(json::value const& root, std::string_view path, std::string_view otherwise) {
    return string_or(find(root, path), otherwise);
}

std::string get_string(json::object const& root, std::string_view path, std::string_view otherwise) {
    return string_or(find(root, path), otherwise);
}

std::optional<std::int64_t> get_int(json::value const& root, std::string_view path) {
    return whole_number(find(root, path));
}

std::optional<std::int64_t> get_int(json::object const& root, std::string_view path) {
    return whole_number(find(root, path));
}

bool get_bool(json::value const& root, std::string_view path, bool otherwise) {
    return truth_or(find(root, path), otherwise);
}

bool get_bool(json::object const& root, std::string_view path, bool otherwise) {
    return truth_or(find(root, path), otherwise);
}

}  // namespace vedette
