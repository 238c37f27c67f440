#include "check/suite.hpp"

namespace vedette::check {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

object typed(std::string_view type, std::string_view description) {
    return {{"type", type}, {"description", description}};
}

constexpr std::string_view one_reference = "^\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}$";

// A value of that kind, or one reference to the environment and nothing else.
object or_reference(object kind) {
    object const reference{{"type", "string"}, {"pattern", one_reference}};
    object either;
    for (std::string_view const outer : {"description", "default"}) {
        if (auto const* value = kind.if_contains(outer)) either[outer] = *value;
        kind.erase(outer);
    }
    either["anyOf"] = array{std::move(kind), reference};
    return either;
}

object list_of_texts(std::string_view description) {
    return {{"type", "array"}, {"items", {{"type", "string"}}}, {"description", description}};
}

object duration(std::string_view description) {
    return or_reference({{"type", "string"}, {"pattern", "^([0-9.]+(ms|s|m|h|d|w))+$"}, {"description", description}});
}

object schema_of(ParamSpec const& spec) {
    object schema;
    switch (spec.kind) {
        case ParamKind::duration:
            schema = duration(spec.summary);
            break;
        case ParamKind::integer:
            schema = typed("integer", spec.summary);
            break;
        case ParamKind::number:
            schema = typed("number", spec.summary);
            break;
        case ParamKind::flag:
            schema = typed("boolean", spec.summary);
            break;
        case ParamKind::text:
            schema = typed("string", spec.summary);
            break;
        case ParamKind::texts:
            schema = list_of_texts(spec.summary);
            break;
        case ParamKind::object:
            schema = typed("object", spec.summary);
            break;
    }
    if (!spec.fallback.empty()) schema["default"] = boost::json::parse(spec.fallback);
    if (spec.kind == ParamKind::integer || spec.kind == ParamKind::number) {
        if (spec.least > -1e18) schema["minimum"] = spec.least;
        if (spec.most < 1e18) schema["maximum"] = spec.most;
    }
    bool const typed_scalar =
        spec.kind == ParamKind::integer || spec.kind == ParamKind::number || spec.kind == ParamKind::flag;
    if (typed_scalar) return or_reference(std::move(schema));
    return schema;
}

object common_properties() {
    return {
        {"namespaces", list_of_texts("exact names or globs; none: all")},
        {"exclude", list_of_texts("globs over namespace/name")},
        {"selector", typed("string", "label selector")},
        {"timeout", duration("limit of one run of the check")},
        {"min_age", duration("a trouble younger than this is not yet one")},
        {"severity",
         or_reference({{"enum", {"warning", "critical"}}, {"description", "the worst status it may report"}})},
        {"retries", or_reference({{"type", "integer"},
                                  {"minimum", 0},
                                  {"maximum", 10},
                                  {"description", "how often a probe that is unhealthy tries again"}})},
        {"strict", or_reference(typed("boolean", "report what every healthy cluster has as a warning"))},
        {"skip_if", typed("string", "skipped when this environment variable is set and not false")},
        {"max_failures_listed", or_reference({{"type", "integer"},
                                              {"minimum", 0},
                                              {"maximum", 10000},
                                              {"description", "objects that are named; all are counted"}})},
        {"labels",
         {{"type", "object"},
          {"additionalProperties", {{"type", "string"}}},
          {"description", "labels of its metrics"}}},
    };
}

object instance_of(CheckType const& type) {
    object with;
    array required;
    for (auto const& spec : type.with) {
        with[spec.name] = schema_of(spec);
        if (spec.fallback.empty()) required.push_back(value(spec.name));
    }
    auto properties = common_properties();
    properties["type"] = object{{"const", type.name}, {"description", type.summary}};
    properties["name"] = typed("string", "defaults to the type");
    properties["group"] = typed("string", "defaults to the type's");
    properties["service"] = typed("string", "defaults to kubernetes");
    object with_schema{{"type", "object"}, {"properties", std::move(with)}, {"additionalProperties", false}};
    array needed{"type"};
    if (!required.empty()) {
        with_schema["required"] = std::move(required);
        needed.push_back("with");
    }
    properties["with"] = std::move(with_schema);
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(needed)},
            {"additionalProperties", false}};
}

}  // namespace

object suite_schema() {
    array instances;
    for (auto const* type : all_check_types()) instances.push_back(instance_of(*type));
    object const defaults{{"type", "object"}, {"properties", common_properties()}, {"additionalProperties", false}};
    return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
            {"title", "Vedette suite"},
            {"description",
             "In every text ${NAME} and ${NAME:-default} stand for the environment, $$ for a dollar sign. A value that "
             "is one reference and nothing else may also stand for a number, or true or false."},
            {"type", "object"},
            {"properties",
             {{"name", typed("string", "defaults to the file's name")},
              {"include", list_of_texts("suites to include, relative to this file")},
              {"defaults", defaults},
              {"checks", {{"type", "array"}, {"items", {{"oneOf", std::move(instances)}}}}}}},
            {"additionalProperties", false}};
}

}  // namespace vedette::check
