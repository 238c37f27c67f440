#include "kube/fake/service.hpp"

#include "kube/fake/discovery.hpp"
#include "kube/fake/metadata.hpp"
#include "kube/fake/patch.hpp"
#include "kube/fake/subresources.hpp"

#include <fmt/format.h>

#include <charconv>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

Response refusal_response(Refusal const& refusal) {
    auto response = json_response(refusal.code, refusal.status());
    if (auto const* seconds = refusal.details.if_contains("retryAfterSeconds")) {
        response.headers.add("Retry-After", json::serialize(*seconds));
    }
    return response;
}

Answer<Object> body_of(Request const& request, std::string_view kind) {
    auto const type = std::string_view(request.content_type).substr(0, request.content_type.find(';'));
    if (!type.empty() && type != "application/json") return refuse(unsupported_body());
    boost::system::error_code error;
    auto value = json::parse(request.body, error);
    if (error || !value.is_object()) {
        return refuse(bad_request(fmt::format(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {}",
            kind, error ? error.message() : "not an object")));
    }
    return std::move(value.get_object());
}

Answer<bool> dry_run_of(std::string const& value, char const* kind) {
    if (value.empty()) return false;
    if (value == "All") return true;
    Resource const options{"meta.k8s.io", "v1", "", kind, false};
    return refuse(invalid(options, "",
                          {{"FieldValueNotSupported",
                            fmt::format("Unsupported value: [\"{}\"]: supported values: \"All\"", value), "dryRun"}}));
}

char const* options_of(Verb verb) {
    if (verb == Verb::create) return "CreateOptions";
    return verb == Verb::patch ? "PatchOptions" : "UpdateOptions";
}

Answer<std::int64_t> number_of(Request const& request, std::string_view name) {
    auto const text = query_value(request, name);
    std::int64_t number = 0;
    if (text.empty()) return number;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return refuse(
            bad_request(fmt::format("unable to convert query parameter {}: strconv.ParseInt: parsing \"{}\": "
                                    "invalid syntax",
                                    name, text)));
    }
    return number;
}

Answer<Selection> selection_of(Call const& call, Request const& request) {
    auto labels = parse_labels(query_value(request, "labelSelector"));
    if (!labels) return refuse(labels.error());
    auto fields = FieldSelector::parse(query_value(request, "fieldSelector"), *call.kind);
    if (!fields) return refuse(fields.error());
    return Selection{std::move(*labels), std::move(*fields)};
}

Answer<Removal> removal_of(Request const& request) {
    Removal removal;
    auto dry_run = query_value(request, "dryRun");
    removal.propagation = query_value(request, "propagationPolicy");
    if (!query_value(request, "gracePeriodSeconds").empty()) {
        auto const grace = number_of(request, "gracePeriodSeconds");
        if (!grace) return refuse(grace.error());
        removal.grace_period_seconds = *grace;
    }
    if (!request.body.empty()) {
        auto const body = body_of(request, "DeleteOptions");
        if (!body) return refuse(body.error());
        auto const text = [&](char const* path) -> std::optional<std::string> {
            auto const* value = at_path(*body, path);
            if (!value || !value->is_string()) return std::nullopt;
            return std::string(value->get_string());
        };
        removal.uid = text("preconditions.uid");
        removal.resource_version = text("preconditions.resourceVersion");
        removal.propagation = text("propagationPolicy").value_or(removal.propagation);
        auto const* grace = at_path(*body, "gracePeriodSeconds");
        if (grace && grace->is_int64()) removal.grace_period_seconds = grace->get_int64();
        auto const* dry = at_path(*body, "dryRun");
        if (dry && dry->is_array() && !dry->get_array().empty()) dry_run = "All";
    }
    auto const dry = dry_run_of(dry_run, "DeleteOptions");
    if (!dry) return refuse(dry.error());
    removal.dry_run = *dry;
    return removal;
}

Answer<Writer::Change> change_of(Request const& request) {
    boost::system::error_code error;
    auto patch = json::parse(request.body, error);
    auto const type = request.content_type.substr(0, request.content_type.find(';'));
    bool const merge = type == "application/merge-patch+json";
    if (type == "application/apply-patch+yaml" || type == "application/strategic-merge-patch+json") {
        return refuse(unsupported_patch());
    }
    if (!merge && type != "application/json-patch+json") return refuse(unsupported_media_type());
    if (error) return refuse(bad_request(fmt::format("error decoding patch: {}", error.message())));
    if (merge) {
        return Writer::Change([patch = std::move(patch)](json::value object) mutable -> Answer<json::value> {
            return merge_patch(std::move(object), std::move(patch));  // a change is applied once
        });
    }
    return Writer::Change(
        [patch = std::move(patch)](json::value object) { return json_patch(std::move(object), patch); });
}

}  // namespace

Response text_response(int status, std::string content_type, std::string text) {
    Response response;
    response.status = status;
    response.headers.add("Cache-Control", "no-cache, private");
    response.headers.add("Content-Type", std::move(content_type));
    response.body = net::make_body(std::move(text));
    return response;
}

Response json_response(int status, json::object const& object) {
    return text_response(status, "application/json", json::serialize(object) + "\n");
}

Response Service::answer(std::string const& user, Request const& request) {
    auto document = health(request, failing_health);
    if (!document) document = discover(kinds, request, options.git_version);
    if (document) return text_response(document->status, document->content_type, std::move(document->text));
    auto const call = route(kinds, request);
    if (!call) return text_response(404, "text/plain; charset=utf-8", "404 page not found\n");
    if (!*call) return refusal_response(call->error());
    auto response = act(user, **call, request);
    return response ? std::move(*response) : refusal_response(response.error());
}

Answer<Response> Service::act(std::string const& user, Call const& call, Request const& request) {
    auto const resource = call.resource();
    auto const verb = to_string(call.verb);
    if (allow && !call.kind->review && !allow(user, verb, resource, call.ns)) {
        return refuse(no_permission(user, verb, resource, call.ns, call.name));
    }
    switch (call.verb) {
        case Verb::list:
            return list_objects(call, request);
        case Verb::watch:
            return open_watch(call, request);
        case Verb::remove:
            return remove(call, request);
        case Verb::remove_collection:
            return remove_collection(call, request);
        case Verb::create:
        case Verb::update:
        case Verb::patch:
            return write(user, call, request);
        case Verb::get:
            break;
    }
    auto const object = get(call);
    if (!object) return refuse(object.error());
    if (call.subresource == "scale") return json_response(200, scale_of(**object));
    auto const how = representation_of(request.accept, query_value(request, "includeObject"));
    if (!how) return refuse(how.error());
    return object_response(200, *how, call, *object);
}

Answer<Snapshot> Service::get(Call const& call) const {
    auto object = store.get({call.kind->collection(), call.ns, call.name});
    if (!object) return refuse(not_found(call.kind->resource(), call.name));
    return object;
}

Answer<Response> Service::list_objects(Call const& call, Request const& request) {
    auto const how = representation_of(request.accept, query_value(request, "includeObject"));
    if (!how) return refuse(how.error());
    auto const limit = number_of(request, "limit");
    if (!limit) return refuse(limit.error());
    auto selection = selection_of(call, request);
    if (!selection) return refuse(selection.error());
    ListQuery query;
    query.selection = std::move(*selection);
    query.limit = *limit;
    query.continue_token = query_value(request, "continue");
    query.resource_version = query_value(request, "resourceVersion");
    query.resource_version_match = query_value(request, "resourceVersionMatch");
    auto const page = list(store, clock.now(), options.continue_lifetime, *call.kind, call.ns, query);
    if (!page) return refuse(page.error());
    if (how->form == Representation::Form::whole && call.kind->custom) {
        return text_response(200, "application/json", list_text(*call.kind, *page));
    }
    return json_response(200, render_list(*how, *call.kind, *page, clock.wall()));
}

// As render_list() of objects that stay as they are, from the texts that are there.
std::string Service::list_text(Kind const& kind, Page page) {
    auto const items = std::exchange(page.items, {});
    auto text = json::serialize(render_list({}, kind, page, {}));
    constexpr std::string_view end = "]}";  // `items` is the last member
    text.resize(text.size() - end.size());
    for (auto const& object : items) {
        if (!text.ends_with('[')) text += ',';
        text += store.text_of(object);
    }
    return text.append(end) + "\n";
}

Answer<Response> Service::open_watch(Call const& call, Request const& request) {
    auto how = representation_of(request.accept, query_value(request, "includeObject"));
    if (!how) return refuse(how.error());
    auto const timeout = number_of(request, "timeoutSeconds");
    if (!timeout) return refuse(timeout.error());
    auto selection = selection_of(call, request);
    if (!selection) return refuse(selection.error());
    WatchQuery query{*call.kind, call.ns};
    query.selection = std::move(*selection);
    query.how = std::move(*how);
    query.resource_version = query_value(request, "resourceVersion");
    query.bookmarks = query_flag(request, "allowWatchBookmarks");
    query.timeout = std::chrono::seconds(*timeout);
    query.path = request.path;
    if (!query.resource_version.empty() && !parse_revision(query.resource_version)) {
        auto const& version = query.resource_version;  // a plain error of the storage, hence 500 without a reason
        return refuse({500, "",
                       fmt::format("resourceVersion: Invalid value: \"{}\": strconv.ParseUint: parsing \"{}\": "
                                   "invalid syntax",
                                   version, version)});
    }
    auto response = text_response(200, "application/json", "");
    response.body = watches.open(std::move(query));
    return response;
}

Answer<Response> Service::write(std::string const& user, Call const& call, Request const& request) {
    auto const how = representation_of(request.accept, query_value(request, "includeObject"));
    if (!how) return refuse(how.error());
    auto const dry_run = dry_run_of(query_value(request, "dryRun"), options_of(call.verb));
    if (!dry_run) return refuse(dry_run.error());
    auto const scale = call.subresource == "scale";  // a view of the workload itself
    Place const place{*call.kind, call.ns, call.name, scale ? "" : call.subresource};
    if (call.verb == Verb::patch) {
        auto change = change_of(request);
        if (!change) return refuse(change.error());
        auto written = writer.patch(place, scale ? scale_change(std::move(*change)) : *change, *dry_run);
        if (!written) return refuse(written.error());
        return scale ? json_response(200, scale_of(**written)) : object_response(200, *how, call, *written);
    }
    auto body = body_of(request, call.kind->resource().kind);
    if (!body) return refuse(body.error());
    if (call.kind->review) return review(user, call, std::move(*body));
    if (call.subresource == "eviction") return evict(writer, place, *body);
    if (call.subresource == "binding") return bind(writer, place, *body);
    if (scale) {
        auto written = writer.patch(place, replicas_change(std::move(*body)), *dry_run);
        if (!written) return refuse(written.error());
        return json_response(200, scale_of(**written));
    }
    bool const creates = call.verb == Verb::create;
    auto written =
        creates ? writer.create(place, std::move(*body), *dry_run) : writer.replace(place, std::move(*body), *dry_run);
    if (!written) return refuse(written.error());
    return object_response(creates ? 201 : 200, *how, call, *written);
}

Response Service::object_response(int status, Representation const& how, Call const& call, Snapshot const& object) {
    if (how.form != Representation::Form::whole) {
        return json_response(status, render(how, *call.kind, *object, clock.wall()));
    }
    return text_response(status, "application/json", store.text_of(object) + "\n");
}

Answer<Response> Service::remove(Call const& call, Request const& request) {
    auto removal = removal_of(request);
    if (!removal) return refuse(removal.error());
    auto removed = writer.remove({*call.kind, call.ns, call.name, ""}, std::move(*removal));
    if (!removed) return refuse(removed.error());
    return json_response(200, *removed);
}

Answer<Response> Service::remove_collection(Call const& call, Request const& request) {
    auto const selection = selection_of(call, request);
    if (!selection) return refuse(selection.error());
    auto const removal = removal_of(request);
    if (!removal) return refuse(removal.error());
    Page page;
    page.items = matching(store, *call.kind, call.ns, *selection);
    for (auto const& object : page.items) {
        auto removed = writer.remove({*call.kind, call.ns, meta_text(*object, "name"), ""}, *removal);
        if (!removed) return refuse(removed.error());
    }
    page.revision = store.revision();
    return json_response(200, render_list({}, *call.kind, page, clock.wall()));
}

Answer<Response> Service::review(std::string const& user, Call const& call, Object body) {
    body["apiVersion"] = call.kind->resource().api_version();
    body["kind"] = call.kind->resource().kind;
    if (call.kind->collection().starts_with("selfsubjectreviews")) {
        body["status"] = json::object{{"userInfo", json::object{{"username", user}}}};
        return json_response(201, body);
    }
    auto const text = [&](std::string const& field) { return text_at(body, "spec.resourceAttributes." + field); };
    auto plural = text("resource");
    if (auto const sub = text("subresource"); !sub.empty()) plural += "/" + sub;
    Resource const resource{text("group"), text("version"), plural, "", !text("namespace").empty()};
    bool const allowed = !allow || allow(user, text("verb"), resource, text("namespace"));
    body["status"] = json::object{{"allowed", allowed}};
    return json_response(201, body);
}

}  // namespace vedette::kube::fake
