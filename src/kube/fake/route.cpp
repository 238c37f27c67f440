#include "kube/fake/route.hpp"

#include "net/http.hpp"

#include <algorithm>

namespace vedette::kube::fake {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    while (!path.empty()) {
        path.remove_prefix(path.front() == '/' ? 1 : 0);
        auto const end = std::min(path.find('/'), path.size());
        auto decoded = net::percent_decode(path.substr(0, end));
        segments.push_back(decoded ? std::move(*decoded) : std::string(path.substr(0, end)));
        path.remove_prefix(end);
    }
    return segments;
}

struct Where {
    std::string group;
    std::string version;
    std::vector<std::string> rest;
};

std::optional<Where> where_of(Kinds const& kinds, std::string_view path) {
    auto segments = segments_of(path);
    std::size_t used = 0;
    Where where;
    if (segments.size() >= 2 && segments[0] == "api") {
        where.version = segments[1];
        used = 2;
    } else if (segments.size() >= 3 && segments[0] == "apis") {
        where.group = segments[1];
        where.version = segments[2];
        used = 3;
    }
    if (used == 0 || segments.size() == used || !kinds.serves(where.group, where.version)) return std::nullopt;
    where.rest.assign(segments.begin() + static_cast<std::ptrdiff_t>(used), segments.end());
    return where;
}

// {namespaces, NS, pods, NAME, status}: the namespace goes first, unless the namespace itself is meant.
std::optional<Call> address_of(Kinds const& kinds, Where const& where) {
    auto rest = where.rest;
    std::string ns;
    bool const scoped = rest.size() >= 3 && rest[0] == "namespaces" && rest[2] != "status" && rest[2] != "finalize";
    if (scoped) {
        ns = rest[1];
        rest.erase(rest.begin(), rest.begin() + 2);
    }
    auto const* kind = kinds.find(where.group, where.version, rest[0]);
    if (!kind || rest.size() > 3) return std::nullopt;
    Call call{Verb::get, kind, ns, rest.size() > 1 ? rest[1] : "", rest.size() > 2 ? rest[2] : ""};
    if (scoped != kind->resource().namespaced && (scoped || !call.name.empty())) return std::nullopt;
    return call;
}

bool has_subresource(Kind const& kind, std::string const& name) {
    if (name.empty()) return true;
    if (name == "status") return kind.registration.status_subresource;
    if (name == "scale") return kind.scale_subresource;
    if (name == "finalize") return kind.collection() == "namespaces";
    return kind.collection() == "pods" && (name == "eviction" || name == "binding");
}

std::optional<Verb> verb_of(Request const& request, Call const& call) {
    bool const named = !call.name.empty();
    bool const whole = call.subresource.empty();
    bool const posted_only = call.subresource == "eviction" || call.subresource == "binding";
    auto const& method = request.method;
    if (call.kind->review) return method == "POST" && !named ? std::optional(Verb::create) : std::nullopt;
    if (posted_only) return method == "POST" ? std::optional(Verb::create) : std::nullopt;
    if (call.subresource == "finalize") return method == "PUT" ? std::optional(Verb::update) : std::nullopt;
    if (method == "GET") {
        if (named) return Verb::get;
        return query_flag(request, "watch") ? Verb::watch : Verb::list;
    }
    if (method == "PUT" && named) return Verb::update;
    if (method == "PATCH" && named) return Verb::patch;
    if (method == "DELETE" && named && whole) return Verb::remove;
    bool const collection = !named && (!call.ns.empty() || !call.kind->resource().namespaced);
    if (method == "POST" && collection) return Verb::create;
    if (method == "DELETE" && collection && call.kind->collection() != "namespaces") return Verb::remove_collection;
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Verb verb) {
    switch (verb) {
        case Verb::get:
            return "get";
        case Verb::list:
            return "list";
        case Verb::watch:
            return "watch";
        case Verb::create:
            return "create";
        case Verb::update:
            return "update";
        case Verb::patch:
            return "patch";
        case Verb::remove:
            return "delete";
        case Verb::remove_collection:
            return "deletecollection";
    }
    return "";
}

Resource Call::resource() const {
    auto resource = kind->resource();
    if (!subresource.empty()) resource.plural += "/" + subresource;
    return resource;
}

std::string query_value(Request const& request, std::string_view name) {
    for (auto const& [key, value] : request.query) {
        if (key == name) return value;
    }
    return {};
}

bool query_flag(Request const& request, std::string_view name) {
    return std::ranges::any_of(request.query, [&](auto const& entry) {
        return entry.first == name && (entry.second.empty() || entry.second == "true" || entry.second == "1");
    });
}

std::optional<Answer<Call>> route(Kinds const& kinds, Request const& request) {
    auto const where = where_of(kinds, request.path);
    if (!where) return std::nullopt;
    auto call = address_of(kinds, *where);
    if (!call || !has_subresource(*call->kind, call->subresource)) return refuse(no_such_path());
    auto const verb = verb_of(request, *call);
    if (!verb) return refuse(method_not_allowed());
    call->verb = *verb;
    return std::move(*call);
}

}  // namespace vedette::kube::fake
