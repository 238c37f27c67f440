// Deletion: what is removed at once, what waits for finalizers or for a kubelet, and what may not be removed at all.
// Also the two writes of the fake's own: put() for scenarios, and the uid-keeping seeding behind it.

#include "base/ensure.hpp"
#include "kube/fake/metadata.hpp"
#include "kube/fake/selector.hpp"
#include "kube/fake/writer.hpp"

#include <fmt/format.h>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

bool is_immortal(Place const& place) {
    return place.kind.collection() == "namespaces" &&
           (place.name == "default" || place.name == "kube-system" || place.name == "kube-public");
}

Answer<void> check_preconditions(Place const& place, Object const& object, Removal const& removal) {
    auto named_by_kind = place.kind.resource();  // as the real server names it here
    named_by_kind.plural = named_by_kind.kind;
    auto const uid = meta_text(object, "uid");
    if (removal.uid && *removal.uid != uid) {
        return refuse(
            conflict(named_by_kind, place.name,
                     fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The "
                                 "object might have been deleted and then recreated",
                                 *removal.uid, uid)));
    }
    auto const version = meta_text(object, "resourceVersion");
    if (removal.resource_version && *removal.resource_version != version) {
        return refuse(conflict(named_by_kind, place.name,
                               fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                                           "ResourceVersion in record ({}). The object might have been modified",
                                           *removal.resource_version, version)));
    }
    return {};
}

Answer<void> check_options(Removal const& removal) {
    auto const& policy = removal.propagation;
    if (policy.empty() || policy == "Background" || policy == "Foreground" || policy == "Orphan") return {};
    Resource const options{"meta.k8s.io", "v1", "deleteoptions", "DeleteOptions", false};
    return refuse(invalid(options, "",
                          {{"FieldValueNotSupported",
                            fmt::format("Unsupported value: \"{}\": supported values: \"Foreground\", \"Background\", "
                                        "\"Orphan\", \"nil\"",
                                        policy),
                            "propagationPolicy"}}));
}

// Who cleans up after the object is written down as a finalizer, for the garbage collector to see.
void note_propagation(Kind const& kind, Object& object, std::string const& policy) {
    auto const has = [&](char const* finalizer) { return has_finalizer(object, finalizer); };
    bool const undecided = policy.empty() && !has("orphan") && !has("foregroundDeletion");
    bool const orphan =
        policy == "Orphan" || (undecided && kind.orphans_by_default) || (policy.empty() && has("orphan"));
    bool const foreground = policy == "Foreground" || (policy.empty() && has("foregroundDeletion"));
    orphan ? add_finalizer(object, "orphan") : remove_finalizer(object, "orphan");
    foreground ? add_finalizer(object, "foregroundDeletion") : remove_finalizer(object, "foregroundDeletion");
}

std::optional<std::int64_t> pending_grace(Object const& object) {
    auto const* value = at_path(object, "metadata.deletionGracePeriodSeconds");
    return value && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

}  // namespace

// Only pods that a kubelet may run have time to end; everything else goes at once.
std::int64_t Writer::grace_of(Place const& place, Object const& object, Removal const& removal) const {
    if (place.kind.collection() != "pods") return 0;
    auto const phase = text_at(object, "status.phase");
    if (text_at(object, "spec.nodeName").empty() || phase == "Succeeded" || phase == "Failed") return 0;
    if (removal.grace_period_seconds) return *removal.grace_period_seconds;
    auto const* own = at_path(object, "spec.terminationGracePeriodSeconds");
    return own && own->is_int64() ? own->get_int64() : 30;
}

void Writer::mark_terminating(Place const& place, Object& object, std::int64_t grace) {
    auto& metadata = metadata_of(object);
    if (!is_terminating(object) && metadata.contains("generation")) {
        metadata["generation"] = metadata["generation"].to_number<std::int64_t>() + 1;
    }
    metadata["deletionTimestamp"] = timestamp(clock_.wall() + std::chrono::seconds(grace));
    if (place.kind.collection() == "namespaces") {
        auto& status = object["status"];
        if (!status.is_object()) status = json::object{};
        status.get_object()["phase"] = "Terminating";
    } else {
        metadata["deletionGracePeriodSeconds"] = grace;
    }
}

Answer<Object> Writer::remove(Place place, Removal removal) {
    auto valid = check_options(removal);
    if (!valid) return refuse(valid.error());
    if (is_immortal(place)) {
        return refuse(forbidden(place.kind.resource(), place.name, "this namespace may not be deleted"));
    }
    auto const current = store_.get(place.key());
    if (!current) return refuse(not_found(place.kind.resource(), place.name));
    auto fits = check_preconditions(place, *current, removal);
    if (!fits) return refuse(fits.error());

    auto object = *current;
    note_propagation(place.kind, object, removal.propagation);
    auto grace = grace_of(place, object, removal);
    auto const pending = pending_grace(object);
    if (pending) grace = std::min(grace, *pending);
    bool const changes = !is_terminating(object) || (pending && grace < *pending);
    if (changes) mark_terminating(place, object, grace);
    auto saved = save(place, std::move(object), removal.dry_run);
    if (!saved) return refuse(saved.error());
    bool const gone = removal.dry_run ? finalizers_of(**saved).empty() && grace == 0 : !store_.get(place.key());
    if (!gone || place.kind.answers_deletion_with_object) return **saved;
    return success_status(place.kind.resource(), place.name, meta_text(**saved, "uid"));
}

Object Writer::put(Kind const& kind, Object object) {
    auto& metadata = metadata_of(object);
    Place const place{kind, meta_text(object, "namespace"), meta_text(object, "name"), ""};
    ensure(!place.name.empty(), "a seeded object has a name");
    ensure(place.ns.empty() != kind.resource().namespaced, "a seeded object has a namespace when its kind has");
    auto const* namespaces = kinds_.by_collection("namespaces");
    if (!place.ns.empty() && !store_.get({"namespaces", "", place.ns})) {
        Object ns{{"metadata", json::object{{"name", place.ns}}}};
        ensure(create({*namespaces, "", "", ""}, std::move(ns), false).has_value(),
               "a seeded namespace can be created");
    }
    auto const current = store_.get(place.key());
    if (meta_text(object, "uid").empty()) metadata["uid"] = current ? meta_text(*current, "uid") : new_uid();
    if (meta_text(object, "creationTimestamp").empty()) {
        metadata["creationTimestamp"] = current ? meta_text(*current, "creationTimestamp") : timestamp(clock_.wall());
    }
    if (kind.generation && !metadata.contains("generation")) {
        auto const* before = current ? at_path(*current, "metadata.generation") : nullptr;
        auto const* old_spec = current ? current->if_contains("spec") : nullptr;
        auto const* new_spec = object.if_contains("spec");
        bool const same = old_spec && new_spec ? *old_spec == *new_spec : old_spec == new_spec;
        auto const count = before && before->is_int64() ? before->get_int64() : 0;
        metadata["generation"] = current && same ? count : count + 1;
    }
    if (kind.collection() == "namespaces" && !object.contains("status")) {
        object["status"] = json::object{{"phase", "Active"}};
    }
    return *store_.put(place.key(), std::move(object));
}

}  // namespace vedette::kube::fake
