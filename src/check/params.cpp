#include "check/params.hpp"

#include "base/duration.hpp"
#include "base/ensure.hpp"

namespace vedette::check {
namespace {

boost::json::value const& value_of(boost::json::object const& with, std::string_view name) {
    auto const* value = with.if_contains(name);
    ensure(value != nullptr, "a check reads only parameters that its type declares");
    return *value;
}

}  // namespace

Duration Params::duration(std::string_view name) const {
    auto const& value = value_of(with, name);
    ensure(value.is_string(), "a duration parameter is a string");
    auto const parsed = parse_duration(value.get_string());
    ensure(parsed.has_value(), "a duration parameter was checked when it was read");
    return *parsed;
}

std::int64_t Params::integer(std::string_view name) const {
    return value_of(with, name).to_number<std::int64_t>();
}

double Params::number(std::string_view name) const {
    return value_of(with, name).to_number<double>();
}

bool Params::flag(std::string_view name) const {
    return value_of(with, name).as_bool();
}

std::string Params::text(std::string_view name) const {
    auto const& value = value_of(with, name);
    ensure(value.is_string(), "a text parameter is a string");
    return std::string(value.get_string());
}

std::vector<std::string> Params::texts(std::string_view name) const {
    std::vector<std::string> result;
    for (auto const& item : value_of(with, name).as_array()) result.emplace_back(item.as_string());
    return result;
}

}  // namespace vedette::check
