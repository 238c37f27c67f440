// JSON patch works on a copy of the document: the first operation that fails leaves the original as it was.

#include "kube/fake/patch.hpp"

#include <fmt/format.h>

#include <charconv>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

Refusal does_not_apply() {
    return {422, "Invalid", "the server rejected our request due to an error in our request"};
}

// "/a~1b/0" -> {"a/b", "0"}
std::optional<std::vector<std::string>> pointer_of(json::value const* text) {
    if (!text || !text->is_string()) return std::nullopt;
    std::string_view rest = text->get_string();
    std::vector<std::string> steps;
    if (rest.empty()) return steps;
    if (!rest.starts_with('/')) return std::nullopt;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        auto const end = std::min(rest.find('/'), rest.size());
        std::string step;
        for (std::size_t i = 0; i < end; ++i) {
            if (rest[i] != '~') {
                step += rest[i];
            } else if (i + 1 < end && (rest[i + 1] == '0' || rest[i + 1] == '1')) {
                step += rest[++i] == '0' ? '~' : '/';
            } else {
                return std::nullopt;
            }
        }
        steps.push_back(std::move(step));
        rest.remove_prefix(end);
    }
    return steps;
}

std::optional<std::size_t> index_of(std::string_view step, std::size_t size, bool adding) {
    if (adding && step == "-") return size;
    std::size_t index = 0;
    auto const [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
    if (error != std::errc{} || end != step.data() + step.size()) return std::nullopt;
    return index < size + (adding ? 1 : 0) ? std::optional(index) : std::nullopt;
}

json::value* child(json::value& parent, std::string const& step) {
    if (auto* object = parent.if_object()) return object->if_contains(step);
    auto* array = parent.if_array();
    if (!array) return nullptr;
    auto const index = index_of(step, array->size(), false);
    return index ? &(*array)[*index] : nullptr;
}

json::value* walk(json::value& root, std::span<std::string const> steps) {
    auto* here = &root;
    for (auto const& step : steps) {
        here = child(*here, step);
        if (!here) return nullptr;
    }
    return here;
}

bool add(json::value& root, std::span<std::string const> steps, json::value value) {
    if (steps.empty()) {
        root = std::move(value);
        return true;
    }
    auto* parent = walk(root, steps.first(steps.size() - 1));
    if (!parent) return false;
    if (auto* object = parent->if_object()) {
        (*object)[steps.back()] = std::move(value);
        return true;
    }
    auto* array = parent->if_array();
    if (!array) return false;
    auto const index = index_of(steps.back(), array->size(), true);
    if (!index) return false;
    array->insert(array->begin() + *index, std::move(value));
    return true;
}

bool remove(json::value& root, std::span<std::string const> steps) {
    if (steps.empty()) return false;
    auto* parent = walk(root, steps.first(steps.size() - 1));
    if (!parent) return false;
    if (auto* object = parent->if_object()) return object->erase(steps.back()) == 1;
    auto* array = parent->if_array();
    if (!array) return false;
    auto const index = index_of(steps.back(), array->size(), false);
    if (!index) return false;
    array->erase(array->begin() + *index);
    return true;
}

// RFC 6902 wants the target of a replacement to exist; the real server's library adds a field that does not.
bool replace_missing(json::value& root, std::span<std::string const> steps, json::value value) {
    if (steps.empty()) return false;
    auto const* parent = walk(root, steps.first(steps.size() - 1));
    return parent && parent->is_object() && add(root, steps, std::move(value));
}

enum class Step { applied, failed, malformed };

Step apply(json::value& document, json::value const& operation) {
    auto const* fields = operation.if_object();
    if (!fields) return Step::malformed;
    auto const* op = fields->if_contains("op");
    auto const path = pointer_of(fields->if_contains("path"));
    if (!op || !op->is_string() || !path) return Step::malformed;
    std::string_view const name = op->get_string();
    auto const done = [](bool applied) { return applied ? Step::applied : Step::failed; };
    if (name == "remove") return done(remove(document, *path));
    if (name == "add" || name == "replace" || name == "test") {
        auto const* value = fields->if_contains("value");
        if (!value) return Step::malformed;
        if (name == "add") return done(add(document, *path, *value));
        auto* present = walk(document, *path);
        if (name == "test") return done(present && *present == *value);
        if (!present) return done(replace_missing(document, *path, *value));
        *present = *value;
        return Step::applied;
    }
    if (name != "copy" && name != "move") return Step::failed;
    auto const from = pointer_of(fields->if_contains("from"));
    if (!from) return Step::malformed;
    auto const* source = walk(document, *from);
    if (!source) return Step::failed;
    auto const value = *source;
    if (name == "move" && !remove(document, *from)) return Step::failed;
    return done(add(document, *path, value));
}

}  // namespace

json::value merge_patch(json::value target, json::value patch) {
    auto* const changes = patch.if_object();
    if (!changes) return patch;
    if (!target.is_object()) target = json::object{};
    auto& object = target.get_object();
    for (auto& [key, value] : *changes) {
        if (value.is_null()) {
            object.erase(key);
        } else {
            auto& place = object[key];
            place = merge_patch(std::move(place), std::move(value));
        }
    }
    return target;
}

Answer<json::value> json_patch(json::value document, json::value const& patch) {
    auto const* operations = patch.if_array();
    if (!operations) {
        return refuse(
            bad_request("error decoding patch: json: cannot unmarshal object into Go value of type "
                        "[]handlers.jsonPatchOp"));
    }
    for (auto const& operation : *operations) {
        switch (apply(document, operation)) {
            case Step::applied:
                break;
            case Step::failed:
                return refuse(does_not_apply());
            case Step::malformed:
                return refuse(bad_request("error decoding patch: not an operation of RFC 6902"));
        }
    }
    return document;
}

}  // namespace vedette::kube::fake
