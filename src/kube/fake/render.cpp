#include "kube/fake/render.hpp"

#include "base/trim.hpp"
#include "kube/fake/metadata.hpp"

#include <fmt/format.h>

#include <charconv>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;
using Form = Representation::Form;

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        auto const end = text.find(separator);
        parts.push_back(trim(text.substr(0, end), " "));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

// One alternative of an Accept header; nothing if it is not for us.
std::optional<Form> form_of(std::string_view media_range) {
    auto const parts = split(media_range, ';');
    if (parts[0] != "application/json" && parts[0] != "*/*" && parts[0] != "application/*") return std::nullopt;
    auto form = Form::whole;
    std::string_view version = "v1";
    for (auto const part : parts) {
        if (part == "as=Table")
            form = Form::table;
        else if (part == "as=PartialObjectMetadata" || part == "as=PartialObjectMetadataList")
            form = Form::partial;
        else if (part.starts_with("as="))
            return std::nullopt;
        else if (part.starts_with("v="))
            version = part.substr(2);
        else if (part.starts_with("g=") && part != "g=meta.k8s.io")
            return std::nullopt;
    }
    if (form != Form::whole && version != "v1" && version != "v1beta1") return std::nullopt;
    return form;
}

// Seconds since the epoch of "2026-01-01T00:00:00Z"; nothing if it is not a time.
std::optional<std::int64_t> seconds_of(std::string const& text) {
    int field[6]{};
    if (text.size() != 20) return std::nullopt;
    static constexpr std::pair<int, int> places[6]{{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}};
    for (int i = 0; i < 6; ++i) {
        auto const* from = text.data() + places[i].first;
        if (std::from_chars(from, from + places[i].second, field[i]).ec != std::errc{}) return std::nullopt;
    }
    std::chrono::year_month_day const day{std::chrono::year(field[0]),
                                          std::chrono::month(static_cast<unsigned>(field[1])),
                                          std::chrono::day(static_cast<unsigned>(field[2]))};
    return std::chrono::sys_seconds(std::chrono::sys_days(day)).time_since_epoch().count() + field[3] * 3600 +
           field[4] * 60 + field[5];
}

std::string age_of(Object const& object, WallTime now) {
    auto const created = seconds_of(meta_text(object, "creationTimestamp"));
    if (!created) return "<unknown>";
    return human_age(now - WallTime(std::chrono::seconds(*created)));
}

json::object partial(Object const& object) {
    auto const* metadata = object.if_contains("metadata");
    return {{"kind", "PartialObjectMetadata"},
            {"apiVersion", "meta.k8s.io/v1"},
            {"metadata", metadata ? *metadata : json::value(json::object{})}};
}

json::array column_definitions(Kind const& kind) {
    auto const column = [](std::string_view name, char const* format) {
        return json::object{
            {"name", name}, {"type", "string"}, {"format", format}, {"description", name}, {"priority", 0}};
    };
    json::array columns{column("Name", "name")};
    for (auto const& [header, path] : kind.registration.columns) columns.push_back(column(header, ""));
    columns.push_back(column("Age", ""));
    return columns;
}

json::object row_of(Representation const& how, Kind const& kind, Object const& object, WallTime now) {
    json::array cells{meta_text(object, "name")};
    for (auto const& [header, path] : kind.registration.columns) {
        auto const* value = at_path(object, path);
        bool const plain = value && (value->is_string() || value->is_number() || value->is_bool());
        cells.push_back(plain ? *value : json::value(value ? json::serialize(*value) : ""));
    }
    cells.push_back(json::value(age_of(object, now)));
    json::object row{{"cells", std::move(cells)}};
    if (how.include_object == "Object") row["object"] = object;
    if (how.include_object != "Object" && how.include_object != "None") row["object"] = partial(object);
    return row;
}

json::object table(Kind const& kind, json::object metadata, json::array rows) {
    return {{"kind", "Table"},
            {"apiVersion", "meta.k8s.io/v1"},
            {"metadata", std::move(metadata)},
            {"columnDefinitions", column_definitions(kind)},
            {"rows", std::move(rows)}};
}

// Inside a list of a built-in kind, the items do not say what they are.
json::object list_item(Representation const& how, Kind const& kind, Object const& object) {
    if (how.form == Form::partial) return partial(object);
    auto item = object;
    if (!kind.custom) {
        item.erase("kind");
        item.erase("apiVersion");
    }
    return item;
}

}  // namespace

Answer<Representation> representation_of(std::string_view accept, std::string_view include_object) {
    Representation how;
    if (!include_object.empty()) how.include_object = include_object;
    if (accept.empty()) return how;
    for (auto const media_range : split(accept, ',')) {
        auto const form = form_of(media_range);
        if (!form) continue;
        how.form = *form;
        return how;
    }
    return refuse(not_acceptable());
}

Object render(Representation const& how, Kind const& kind, Object const& object, WallTime now) {
    switch (how.form) {
        case Form::whole:
            return object;
        case Form::partial:
            return partial(object);
        case Form::table:
            return table(kind, {{"resourceVersion", meta_text(object, "resourceVersion")}},
                         {row_of(how, kind, object, now)});
    }
    return object;
}

Object render_list(Representation const& how, Kind const& kind, Page const& page, WallTime now) {
    json::object metadata{{"resourceVersion", std::to_string(page.revision)}};
    if (!page.continue_token.empty()) metadata["continue"] = page.continue_token;
    if (page.remaining) metadata["remainingItemCount"] = *page.remaining;
    json::array items;
    items.reserve(page.items.size());
    for (auto const& object : page.items) {
        items.push_back(how.form == Form::table ? row_of(how, kind, *object, now) : list_item(how, kind, *object));
    }
    if (how.form == Form::table) return table(kind, std::move(metadata), std::move(items));
    bool const whole = how.form == Form::whole;
    return {{"kind", whole ? kind.resource().kind + "List" : "PartialObjectMetadataList"},
            {"apiVersion", whole ? kind.resource().api_version() : "meta.k8s.io/v1"},
            {"metadata", std::move(metadata)},
            {"items", std::move(items)}};
}

std::string human_age(Duration age) {
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
    if (seconds < 0) return "0s";
    if (seconds < 120) return fmt::format("{}s", seconds);
    if (seconds < 600 && seconds % 60 != 0) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
    auto const minutes = seconds / 60;
    if (minutes < 180) return fmt::format("{}m", minutes);
    auto const hours = minutes / 60;
    if (hours < 8 && minutes % 60 != 0) return fmt::format("{}h{}m", hours, minutes % 60);
    if (hours < 48) return fmt::format("{}h", hours);
    if (hours < 192 && hours % 24 != 0) return fmt::format("{}d{}h", hours / 24, hours % 24);
    auto const days = hours / 24;
    if (days < 730) return fmt::format("{}d", days);
    return fmt::format("{}y", days / 365);
}

}  // namespace vedette::kube::fake
