// The order of the checks is the real server's, since a request may break several rules at once: where it goes (400),
// the namespace (404, 403), the version (409), the content (422), the name taken (409).

#include "kube/fake/writer.hpp"

#include "base/ensure.hpp"
#include "kube/fake/metadata.hpp"
#include "kube/fake/selector.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

bool is_namespace(Kind const& kind) {
    return kind.collection() == "namespaces";
}

bool is_pod(Kind const& kind) {
    return kind.collection() == "pods";
}

// Nulls and empty collections mean the same as absent fields; the typed kinds of the real server drop them.
void tidy(json::object& metadata) {
    for (auto field = metadata.begin(); field != metadata.end();) {
        auto const& value = field->value();
        bool const blank = value.is_null() || (value.is_object() && value.get_object().empty()) ||
                           (value.is_array() && value.get_array().empty());
        field = blank ? metadata.erase(field) : std::next(field);
    }
    metadata.erase("selfLink");
    metadata.erase("managedFields");
}

bool same(json::value const& a, json::value const& b);

// Versions of an object mostly hold the same members in the same order: they are compared side by side, and looked up
// only where they are not.
bool same(json::object const& a, json::object const& b) {
    if (a.size() != b.size()) return false;
    auto beside = b.begin();
    for (auto const& [key, value] : a) {
        auto const& candidate = *beside++;
        auto const* other = candidate.key() == key ? &candidate.value() : b.if_contains(key);
        if (!other || !same(value, *other)) return false;
    }
    return true;
}

bool same(json::value const& a, json::value const& b) {
    if (a.is_object() && b.is_object()) return same(a.get_object(), b.get_object());
    if (a.is_array() && b.is_array()) {
        return std::ranges::equal(a.get_array(), b.get_array(),
                                  [](auto const& x, auto const& y) { return same(x, y); });
    }
    return a == b;
}

// `current` with the status of `body`, of which everything that is as it was is taken instead of copied.
Object with_status(Object const& current, Object body) {
    Object next;
    next.reserve(current.size() + 1);
    auto const take_status = [&] {
        if (auto* status = body.if_contains("status")) next.emplace("status", std::move(*status));
    };
    for (auto const& [field, value] : current) {
        if (field == "status") {
            take_status();
            continue;
        }
        auto* given = body.if_contains(field);
        if (given && same(*given, value)) {
            next.emplace(field, std::move(*given));
        } else {
            next.emplace(field, value);
        }
    }
    if (!next.contains("status")) take_status();
    return next;
}

// What metadata.generation counts.
bool same_content(Kind const& kind, Object const& a, Object const& b) {
    auto const counts = [&kind](std::string_view field) {
        return field != "metadata" && !(field == "status" && kind.registration.status_subresource);
    };
    auto const has_all_of = [&](Object const& object, Object const& other) {
        return std::ranges::all_of(other, [&](auto const& field) {
            if (!counts(field.key())) return true;
            auto const* value = object.if_contains(field.key());
            return value && same(*value, field.value());
        });
    };
    return has_all_of(a, b) && has_all_of(b, a);
}

json::object first_status(Kind const& kind) {
    if (is_namespace(kind)) return {{"phase", "Active"}};
    if (is_pod(kind)) return {{"phase", "Pending"}, {"qosClass", "BestEffort"}};
    auto const name = kind.collection();
    if (name == "persistentvolumes" || name == "persistentvolumeclaims") return {{"phase", "Pending"}};
    return {};
}

json::array kubernetes_finalizer() {
    return {"kubernetes"};
}

json::value& spec_finalizers(Object& ns) {
    auto& spec = ns["spec"];
    if (!spec.is_object()) spec = json::object{};
    return spec.get_object()["finalizers"];
}

bool holds_spec_finalizers(Object const& ns) {
    auto const* list = at_path(ns, "spec.finalizers");
    return list && list->is_array() && !list->get_array().empty();
}

void label_with_own_name(Object& ns) {
    auto& labels = metadata_of(ns)["labels"];
    if (!labels.is_object()) labels = json::object{};
    labels.get_object()["kubernetes.io/metadata.name"] = meta_text(ns, "name");
}

std::int64_t integer_at(Object const& object, std::string_view path, std::int64_t otherwise) {
    auto const* value = at_path(object, path);
    if (!value || !value->is_int64()) return otherwise;
    return value->get_int64();
}

Refusal update_without_version(Place const& place) {
    auto named_by_plural = place.kind.resource();  // the storage does not know the kind
    named_by_plural.kind = named_by_plural.plural;
    return invalid(
        named_by_plural, place.name,
        {{"FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion"}});
}

Refusal other_uid(Place const& place, std::string const& wanted, std::string const& present) {
    return conflict(
        place.kind.resource(), place.name,
        fmt::format("StorageError: invalid object, Code: 4, Key: /registry/{}/{}, ResourceVersion: 0, "
                    "AdditionalErrorMsg: Precondition failed: UID in precondition: {}, UID in object meta: {}",
                    place.kind.resource().plural, place.key().path(), wanted, present));
}

// "v1" and "core", "v1" and "apps": the packages that hold the real server's types.
Refusal other_kind(Resource const& resource, Object const& body) {
    auto version = text_at(body, "apiVersion");
    if (version.empty()) version = resource.api_version();
    auto kind = text_at(body, "kind");
    if (kind.empty()) kind = resource.kind;
    version.erase(0, version.find('/') + 1);
    auto const package = resource.group.empty() ? "core" : resource.group.substr(0, resource.group.find('.'));
    return bad_request(
        fmt::format("{} in version \"{}\" cannot be handled as a {}: converting ({}.{}) to ({}.{}): unknown conversion",
                    kind, version, resource.kind, version, kind, package, resource.kind));
}

}  // namespace

Answer<void> Writer::fits_place(Place const& place, Object const& body) const {
    auto const& resource = place.kind.resource();
    auto const* kind = body.if_contains("kind");
    auto const* version = body.if_contains("apiVersion");
    bool const other_version = version && *version != json::value(resource.api_version());
    if (other_version || (kind && *kind != json::value(resource.kind))) return refuse(other_kind(resource, body));
    auto const ns = meta_text(body, "namespace");
    if (!ns.empty() && ns != place.ns) {
        return refuse(
            bad_request("the namespace of the provided object does not match the namespace sent on the request"));
    }
    return {};
}

Answer<void> Writer::may_create_in(Place const& place) const {
    if (!place.kind.resource().namespaced) return {};
    auto const* namespaces = kinds_.by_collection("namespaces");
    auto const ns = store_.get({"namespaces", "", place.ns});
    if (!ns) return refuse(not_found(namespaces->resource(), place.ns));
    if (!is_terminating(*ns)) return {};
    auto refusal =
        forbidden(place.kind.resource(), place.name,
                  fmt::format("unable to create new content in namespace {} because it is being terminated", place.ns));
    refusal.details["causes"] =
        json::array{json::object{{"reason", "NamespaceTerminating"},
                                 {"message", fmt::format("namespace {} is being terminated", place.ns)},
                                 {"field", "metadata.namespace"}}};
    return refuse(std::move(refusal));
}

std::string Writer::free_name(Place place, std::string prefix) {
    prefix.resize(std::min<std::size_t>(prefix.size(), 58));
    for (int attempt = 0; attempt < 8; ++attempt) {
        place.name = prefix + random_.suffix(5);
        if (!store_.get(place.key())) break;
    }
    return place.name;
}

std::string Writer::new_uid() {
    auto const high = random_.next();
    auto const low = random_.next();
    return fmt::format("{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xfff,
                       8 | (low >> 62), (low >> 48) & 0xfff, low & 0xffff'ffff'ffff);
}

void Writer::fill(Kind const& kind, Object& object) {
    auto& metadata = metadata_of(object);
    tidy(metadata);
    metadata["uid"] = new_uid();
    metadata["creationTimestamp"] = timestamp(clock_.wall());
    metadata.erase("deletionTimestamp");
    metadata.erase("deletionGracePeriodSeconds");
    metadata.erase("generation");
    if (kind.generation) metadata["generation"] = 1;
    if (is_namespace(kind)) {
        label_with_own_name(object);
        spec_finalizers(object) = kubernetes_finalizer();
    }
    if (!kind.registration.status_subresource || kind.keeps_status_on_create) return;
    object.erase("status");
    if (!kind.custom) object["status"] = first_status(kind);
}

Answer<Snapshot> Writer::create(Place place, Object body, bool dry_run) {
    auto const& resource = place.kind.resource();
    auto fits = fits_place(place, body);
    if (!fits) return refuse(fits.error());
    body["apiVersion"] = resource.api_version();
    body["kind"] = resource.kind;
    auto& metadata = metadata_of(body);  // only now: a new field may move the others
    if (resource.namespaced) metadata["namespace"] = place.ns;
    auto const prefix = meta_text(body, "generateName");
    place.name = meta_text(body, "name");
    if (place.name.empty() && !prefix.empty()) {
        place.name = free_name(place, prefix);
        metadata["name"] = place.name;
    }
    auto allowed = may_create_in(place);
    if (!allowed) return refuse(allowed.error());
    if (auto mistakes = metadata_mistakes(place.kind, body); !mistakes.empty()) {
        return refuse(invalid(resource, place.name, std::move(mistakes)));
    }
    if (!meta_text(body, "resourceVersion").empty()) {
        return refuse({500, "", "resourceVersion should not be set on objects to be created"});
    }
    if (store_.get(place.key())) return refuse(already_exists(resource, place.name));
    fill(place.kind, body);
    if (dry_run) return std::make_shared<json::object const>(std::move(body));
    return store_.put(place.key(), std::move(body));
}

Answer<void> Writer::names_place(Place const& place, Object const& body) const {
    auto const name = meta_text(body, "name");
    if (name == place.name) return {};
    if (name.empty()) {
        return refuse(bad_request(fmt::format(
            "the name of the object ({} based on URL) was undeterminable: name must be provided", place.name)));
    }
    return refuse(bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})", name, place.name)));
}

Answer<Snapshot> Writer::replace(Place place, Object body, bool dry_run) {
    auto fits = fits_place(place, body);
    if (!fits) return refuse(fits.error());
    return replace_checked(std::move(place), std::move(body), false, dry_run);
}

Answer<Snapshot> Writer::patch(Place place, Change const& change, bool dry_run) {
    auto const current = store_.get(place.key());
    if (!current) return refuse(not_found(place.kind.resource(), place.name));
    auto changed = change(*current);
    if (!changed) return refuse(changed.error());
    if (!changed->is_object()) return refuse(bad_request("json: cannot unmarshal into Go value: not an object"));
    auto body = std::move(changed->get_object());
    auto fits = fits_place(place, body);
    if (!fits) return refuse(fits.error());
    return replace_checked(std::move(place), std::move(body), true, dry_run);
}

Answer<Snapshot> Writer::replace_checked(Place place, Object body, bool is_patch, bool dry_run) {
    auto const& resource = place.kind.resource();
    auto named = names_place(place, body);
    if (!named) return refuse(named.error());
    auto const current = store_.get(place.key());
    if (!current) return refuse(not_found(resource, place.name));
    auto const uid = meta_text(body, "uid");
    if (!is_patch && !uid.empty() && uid != meta_text(*current, "uid")) {
        return refuse(other_uid(place, uid, meta_text(*current, "uid")));
    }
    auto const version = meta_text(body, "resourceVersion");
    if (version.empty() && !place.kind.unconditional_update) return refuse(update_without_version(place));
    if (!version.empty() && version != meta_text(*current, "resourceVersion")) {
        return refuse(modified(resource, place.name));
    }
    auto next = merged(place, *current, std::move(body));
    auto mistakes = carry_metadata(*current, next);
    if (mistakes.empty()) mistakes = metadata_mistakes(place.kind, next);
    if (!mistakes.empty()) return refuse(invalid(resource, place.name, std::move(mistakes)));
    bool const may_differ = place.subresource != "status";
    if (may_differ && place.kind.generation && !same_content(place.kind, *current, next)) {
        metadata_of(next)["generation"] = integer_at(*current, "metadata.generation", 0) + 1;
    }
    return save(place, std::move(next), dry_run);
}

// The object that an update of `place` means: a subresource changes only its own part, the rest only what is not one.
Object Writer::merged(Place const& place, Object const& current, Object body) const {
    auto const take = [](Object& into, auto&& from, char const* field) {
        if (auto* value = from.if_contains(field)) {
            into[field] = std::move(*value);  // a copy of what is constant
        } else {
            into.erase(field);
        }
    };
    bool const whole = place.subresource.empty();
    bool const status_only = place.subresource == "status" && place.kind.custom;
    auto next = status_only ? with_status(current, std::move(body)) : whole ? std::move(body) : current;
    if (place.subresource == "status" && !status_only) {
        take(next, body, "status");
        take(next, body, "metadata");
    } else if (place.subresource == "finalize") {
        auto const* finalizers = at_path(body, "spec.finalizers");
        spec_finalizers(next) = finalizers ? *finalizers : json::array{};
    } else if (whole && place.kind.registration.status_subresource) {
        take(next, current, "status");
    }
    next["apiVersion"] = place.kind.resource().api_version();
    next["kind"] = place.kind.resource().kind;
    metadata_of(next)["resourceVersion"] = meta_text(current, "resourceVersion");
    if (!place.ns.empty() && meta_text(next, "namespace").empty()) metadata_of(next)["namespace"] = place.ns;
    if (is_namespace(place.kind)) {
        label_with_own_name(next);
        if (place.subresource != "finalize") {
            auto const* kept = at_path(current, "spec.finalizers");
            spec_finalizers(next) = kept ? *kept : json::array{};
        }
    }
    tidy(metadata_of(next));
    return next;
}

Answer<Snapshot> Writer::save(Place const& place, Object object, bool dry_run) {
    auto const current = store_.get(place.key());
    bool const finished = is_terminating(object) && finalizers_of(object).empty() &&
                          integer_at(object, "metadata.deletionGracePeriodSeconds", 0) == 0 &&
                          !(is_namespace(place.kind) && holds_spec_finalizers(object));
    if (finished && !dry_run) store_.erase(place.key());
    if (finished || dry_run) return std::make_shared<json::object const>(std::move(object));
    if (current && same(*current, object)) return current;
    return store_.put(place.key(), std::move(object));
}

}  // namespace vedette::kube::fake
