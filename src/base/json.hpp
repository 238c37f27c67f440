#pragma once
// JSON in and out, over Boost.JSON values: errors that say where, bounds on foreign input, and three ways to print.

#include "base/error.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vedette {

/// Arrays and objects inside one another, at most.
inline constexpr std::size_t max_json_depth = 64;

/// One JSON text (RFC 8259) and nothing after it. Of equal keys the last wins. Numbers are exact: doubles are the
/// nearest ones, integers past 64 bits become doubles.
///
/// Errors: malformed or too_large (depth), text "source:line:column: what", line and column from 1, in code points.
Result<boost::json::value> parse_json(std::string_view text, std::string_view source_name);

/// On one line, no spaces, UTF-8. Everywhere: doubles in the shortest form that reads back as the same double, with
/// `.0` or an exponent; NaN and infinities, which JSON lacks, as null; bytes that are not UTF-8 as U+FFFD.
std::string to_json(boost::json::value const& value);
/// Two spaces a level, UTF-8, no newline at the end.
std::string to_pretty_json(boost::json::value const& value);
/// Byte for byte what Python's json.dumps prints: `, ` and `: `, ASCII with \uXXXX (surrogate pairs past U+FFFF).
std::string to_python_json(boost::json::value const& value);

/// A double as Python's repr() has it: 1.0, 0.1, 1e+16, 1e-05. The number must be finite.
std::string format_double(double number);

/// The value at `a.b.0.c` (a number is an index where the path meets an array), or null. Keys that hold a dot are out
/// of a path's reach: find the object around them. The empty path is the value itself.
boost::json::value const* find(boost::json::value const& root, std::string_view dotted_path);
boost::json::value const* find(boost::json::object const& root, std::string_view dotted_path);

/// The string at a path; `otherwise` if nothing or another type is there.
std::string get_string(boost::json::value const& root, std::string_view path, std::string_view otherwise = "");
std::string get_string(boost::json::object const& root, std::string_view path, std::string_view otherwise = "");

/// The number at a path, if it is a whole one that fits (3.0 is whole).
std::optional<std::int64_t> get_int(boost::json::value const& root, std::string_view path);
std::optional<std::int64_t> get_int(boost::json::object const& root, std::string_view path);

bool get_bool(boost::json::value const& root, std::string_view path, bool otherwise = false);
bool get_bool(boost::json::object const& root, std::string_view path, bool otherwise = false);

}  // namespace vedette
