// The wording of the real server, kept in one place: clients and people quote these sentences.

#include "kube/fake/refusal.hpp"

#include <fmt/format.h>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

json::object details_of(Resource const& resource, std::string_view name, std::string_view kind) {
    json::object details;
    if (!name.empty()) details["name"] = name;
    if (!resource.group.empty()) details["group"] = resource.group;
    details["kind"] = kind;
    return details;
}

Refusal about(Resource const& resource, std::string_view name, int code, std::string reason, std::string message) {
    return {code, std::move(reason), std::move(message), details_of(resource, name, resource.plural)};
}

json::array causes_of(std::vector<Cause> const& causes) {
    json::array list;
    for (auto const& cause : causes) {
        json::object item{{"reason", cause.reason}, {"message", cause.message}};
        if (!cause.field.empty()) item["field"] = cause.field;
        list.push_back(std::move(item));
    }
    return list;
}

}  // namespace

json::object Refusal::status() const {
    json::object metadata;
    if (!continue_token.empty()) metadata["continue"] = continue_token;
    json::object status{{"kind", "Status"},
                        {"apiVersion", "v1"},
                        {"metadata", std::move(metadata)},
                        {"status", "Failure"},
                        {"message", message}};
    if (!reason.empty()) status["reason"] = reason;
    if (!details.empty() || code == 404 || code == 405) status["details"] = details;
    status["code"] = code;
    return status;
}

std::string group_kind(Resource const& resource) {
    return resource.group.empty() ? resource.kind : resource.kind + "." + resource.group;
}

Refusal not_found(Resource const& resource, std::string_view name) {
    return about(resource, name, 404, "NotFound", fmt::format("{} \"{}\" not found", resource.qualified(), name));
}

Refusal already_exists(Resource const& resource, std::string_view name) {
    return about(resource, name, 409, "AlreadyExists",
                 fmt::format("{} \"{}\" already exists", resource.qualified(), name));
}

Refusal conflict(Resource const& resource, std::string_view name, std::string_view why) {
    return about(resource, name, 409, "Conflict",
                 fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource.qualified(), name, why));
}

Refusal modified(Resource const& resource, std::string_view name) {
    return conflict(resource, name,
                    "the object has been modified; please apply your changes to the latest version and try again");
}

Refusal forbidden(Resource const& resource, std::string_view name, std::string_view why) {
    auto const quoted = name.empty() ? std::string() : fmt::format(" \"{}\"", name);
    return about(resource, name, 403, "Forbidden",
                 fmt::format("{}{} is forbidden: {}", resource.qualified(), quoted, why));
}

Refusal no_permission(std::string_view user, std::string_view verb, Resource const& resource, std::string_view ns,
                      std::string_view name) {
    auto const where = ns.empty() ? std::string("at the cluster scope") : fmt::format("in the namespace \"{}\"", ns);
    return forbidden(resource, name,
                     fmt::format("User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}", user, verb,
                                 resource.plural, resource.group, where));
}

Refusal invalid(Resource const& resource, std::string_view name, std::vector<Cause> causes) {
    std::string errors;
    for (auto const& cause : causes) {
        fmt::format_to(std::back_inserter(errors), "{}{}: {}", errors.empty() ? "" : ", ", cause.field, cause.message);
    }
    if (causes.size() > 1) errors = "[" + errors + "]";
    Refusal refusal{422, "Invalid", fmt::format("{} \"{}\" is invalid: {}", group_kind(resource), name, errors),
                    details_of(resource, name, resource.kind)};
    refusal.details["causes"] = causes_of(causes);
    return refusal;
}

Refusal bad_request(std::string message) {
    return {400, "BadRequest", std::move(message)};
}

Refusal expired(std::string message) {
    return {410, "Expired", std::move(message)};
}

Refusal method_not_allowed() {
    return {405, "MethodNotAllowed", "the server does not allow this method on the requested resource"};
}

Refusal no_such_path() {
    return {404, "NotFound", "the server could not find the requested resource"};
}

Refusal not_acceptable() {
    return {406, "NotAcceptable",
            "406: Not Acceptable\n\nAvailable representations: application/json, application/json;stream=watch"};
}

Refusal unsupported_media_type() {
    return {415, "UnsupportedMediaType", "415: Unsupported Media Type"};
}

Refusal unsupported_body() {
    return {415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: application/json"};
}

Refusal unsupported_patch() {
    return {415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json"};
}

Refusal version_too_large(std::uint64_t wanted, std::uint64_t current) {
    Refusal refusal{504, "Timeout",
                    fmt::format("Timeout: Too large resource version: {}, current: {}", wanted, current)};
    refusal.details["causes"] = causes_of({{"ResourceVersionTooLarge", "Too large resource version", ""}});
    refusal.details["retryAfterSeconds"] = 1;
    return refusal;
}

Refusal generic(int code, std::optional<int> retry_after_seconds) {
    Refusal refusal{code, "", ""};
    switch (code) {
        case 401:
            refusal.reason = "Unauthorized", refusal.message = "Unauthorized";
            break;
        case 403:
            refusal.reason = "Forbidden", refusal.message = "Forbidden";
            break;
        case 404:
            refusal = no_such_path();
            break;
        case 409:
            refusal.reason = "Conflict";
            refusal.message = "the server reported a conflict";
            break;
        case 410:
            refusal = expired("The resourceVersion for the provided list is too old.");
            break;
        case 429:
            refusal.reason = "TooManyRequests";
            refusal.message = "Too many requests, please try again later.";
            break;
        case 500:
            refusal.reason = "InternalError";
            refusal.message = "Internal error occurred: etcdserver: leader changed";
            break;
        case 503:
            refusal.reason = "ServiceUnavailable";
            refusal.message = "the server is currently unable to handle the request";
            break;
        case 504:
            refusal.reason = "Timeout";
            refusal.message = "the server was unable to return a response in the time allotted";
            break;
        default:
            refusal.message = fmt::format("the server answered with code {}", code);
    }
    if (retry_after_seconds) refusal.details["retryAfterSeconds"] = *retry_after_seconds;
    return refusal;
}

Cause invalid_value(std::string field, std::string_view value, std::string_view why) {
    return {"FieldValueInvalid", fmt::format("Invalid value: \"{}\": {}", value, why), std::move(field)};
}

Cause required_value(std::string field, std::string_view why) {
    return {"FieldValueRequired", fmt::format("Required value: {}", why), std::move(field)};
}

Cause forbidden_value(std::string field, std::string_view why) {
    return {"FieldValueForbidden", fmt::format("Forbidden: {}", why), std::move(field)};
}

json::object success_status(Resource const& resource, std::string_view name, std::string_view uid) {
    auto details = details_of(resource, name, resource.plural);
    details["uid"] = uid;
    return {{"kind", "Status"},
            {"apiVersion", "v1"},
            {"metadata", json::object{}},
            {"status", "Success"},
            {"details", std::move(details)}};
}

}  // namespace vedette::kube::fake
