#include "kube/fake/selector.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::kube::fake {
namespace {

std::optional<SelectableField> field_of(Kind const& kind, std::string_view path) {
    if (path == "metadata.name" || (path == "metadata.namespace" && kind.resource().namespaced)) {
        return SelectableField{std::string(path), ""};
    }
    for (auto const& field : kind.fields) {
        if (field.path == path) return field;
    }
    return std::nullopt;
}

// Kinds that offer fields of their own word their refusal otherwise than the rest.
Refusal unknown_field(Kind const& kind, std::string_view path) {
    if (kind.collection() == "jobs.batch") {
        return bad_request(fmt::format("field label \"{}\" not supported for Job", path));
    }
    if (kind.custom || !kind.fields.empty()) {
        return bad_request(fmt::format("field label not supported: {}", path));
    }
    return bad_request(
        fmt::format("\"{}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", path));
}

// The terms between commas; a backslash takes the special meaning from the character after it.
std::vector<std::string_view> terms_of(std::string_view text) {
    std::vector<std::string_view> terms;
    std::size_t from = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        if (at < text.size() && text[at] == '\\') {
            ++at;
        } else if (at == text.size() || text[at] == ',') {
            if (at > from) terms.push_back(text.substr(from, at - from));
            from = at + 1;
        }
    }
    return terms;
}

Answer<std::string> unescaped(std::string_view value) {
    std::string text;
    for (std::size_t at = 0; at < value.size(); ++at) {
        char const c = value[at];
        if (c == '=' || c == ',') {
            return refuse(bad_request(fmt::format("invalid field selector: unescaped character in value: {}", int{c})));
        }
        if (c == '\\' && ++at == value.size()) {
            return refuse(bad_request("invalid field selector: invalid escape sequence: \\"));
        }
        text += value[at];
    }
    return text;
}

std::string selectable_text(SelectableField const& field, boost::json::object const& object) {
    // Three names differ from the place of their value.
    auto path = field.path;
    if (path == "name") path = "metadata.name";
    if (path == "source") path = "source.component";
    if (path == "status.successful") path = "status.succeeded";
    auto text = text_at(object, path);
    if (text.empty() && field.path == "source") text = text_at(object, "reportingComponent");
    return text.empty() ? field.otherwise : text;
}

}  // namespace

Answer<LabelSelector> parse_labels(std::string_view text) {
    auto selector = LabelSelector::parse(text);
    if (!selector) return refuse(bad_request(selector.error().text()));
    return std::move(*selector);
}

bool matches(LabelSelector const& selector, boost::json::object const& object) {
    if (selector.empty()) return true;
    auto const* labels = at_path(object, "metadata.labels");
    auto const* map = labels ? labels->if_object() : nullptr;
    std::string text;
    return selector.matches([&](std::string_view key) -> std::string const* {
        auto const* value = map ? map->if_contains(key) : nullptr;
        if (!value) return nullptr;
        text = value->is_string() ? std::string_view(value->get_string()) : std::string_view();
        return &text;
    });
}

Answer<FieldSelector> FieldSelector::parse(std::string_view text, Kind const& kind) {
    FieldSelector selector;
    for (auto const term : terms_of(text)) {
        auto const sign = term.find_first_of("=!");
        auto const equal = sign != std::string_view::npos && term[sign] == '=';
        if (sign == std::string_view::npos || (!equal && term.substr(sign, 2) != "!=")) {
            return refuse(bad_request(fmt::format("invalid selector: '{}'; can't understand '{}'", text, term)));
        }
        auto const two = !equal || term.substr(sign, 2) == "==";
        auto value = unescaped(term.substr(sign + (two ? 2 : 1)));
        if (!value) return refuse(value.error());
        auto field = field_of(kind, term.substr(0, sign));
        if (!field) return refuse(unknown_field(kind, term.substr(0, sign)));
        selector.terms_.push_back({std::move(*field), std::move(*value), equal});
    }
    return selector;
}

bool FieldSelector::matches(boost::json::object const& object) const {
    return std::ranges::all_of(
        terms_, [&](Term const& term) { return (selectable_text(term.field, object) == term.value) == term.equal; });
}

boost::json::value const* at_path(boost::json::object const& object, std::string_view path) {
    auto const* here = &object;
    while (true) {
        auto const dot = path.find('.');
        auto const* value = here->if_contains(path.substr(0, dot));
        if (!value || dot == std::string_view::npos) return value;
        here = value->if_object();
        if (!here) return nullptr;
        path.remove_prefix(dot + 1);
    }
}

std::string text_at(boost::json::object const& object, std::string_view path) {
    auto const* value = at_path(object, path);
    if (!value || value->is_null()) return {};
    if (value->is_string()) return std::string(value->get_string());
    return boost::json::serialize(*value);
}

}  // namespace vedette::kube::fake
