#include "kube/name_syntax.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::kube {
namespace {

constexpr std::size_t longest_subdomain = 253;
constexpr std::size_t longest_label = 63;

constexpr char subdomain_rule[] =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr char dns_label_rule[] =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr char label_key_rule[] =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr char label_value_rule[] =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_lower(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_alphanumeric(char c) {
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

bool is_dns_label(std::string_view text) {
    return !text.empty() && is_lower(text.front()) && is_lower(text.back()) &&
           std::ranges::all_of(text, [](char c) { return is_lower(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
    while (true) {
        auto const dot = text.find('.');
        if (!is_dns_label(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_word(std::string_view text) {
    return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
           std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

Faults faults(std::string_view text, std::size_t longest, char const* unit, bool well_formed, std::string_view rule) {
    Faults found;
    if (text.size() > longest) found.push_back(fmt::format("must be no more than {} {}", longest, unit));
    if (!well_formed) found.emplace_back(rule);
    return found;
}

void add_part(Faults& whole, std::string_view part, Faults of_part) {
    for (auto const& fault : of_part) whole.push_back(fmt::format("{} part {}", part, fault));
}

}  // namespace

Faults subdomain_faults(std::string_view text) {
    return faults(text, longest_subdomain, "characters", is_subdomain(text), subdomain_rule);
}

Faults dns_label_faults(std::string_view text) {
    return faults(text, longest_label, "characters", is_dns_label(text), dns_label_rule);
}

Faults label_key_faults(std::string_view text) {
    Faults found;
    auto const slash = text.find('/');
    auto const name = slash == std::string_view::npos ? text : text.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
        return {
            fmt::format("a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. "
                        "'example.com/MyName')",
                        label_key_rule)};
    }
    if (slash == 0) found.emplace_back("prefix part must be non-empty");
    if (slash != 0 && slash != std::string_view::npos) {
        add_part(found, "prefix", subdomain_faults(text.substr(0, slash)));
    }
    if (name.empty()) found.emplace_back("name part must be non-empty");
    add_part(found, "name", faults(name, longest_label, "bytes", is_word(name), label_key_rule));
    return found;
}

Faults label_value_faults(std::string_view text) {
    return faults(text, longest_label, "bytes", text.empty() || is_word(text), label_value_rule);
}

}  // namespace vedette::kube
