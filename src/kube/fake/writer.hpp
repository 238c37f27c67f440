#pragma once
// Writes: what the API server does to an object between a request and the store. Creation, replacement, the status
// subresource, deletion with its graces and finalizers. https://kubernetes.io/docs/reference/using-api/api-concepts/

#include "base/random.hpp"
#include "kube/fake/kinds.hpp"
#include "kube/fake/refusal.hpp"
#include "kube/fake/store.hpp"

#include <functional>

namespace vedette::kube::fake {

/// Which object a request is about.
struct Place {
    Kind const& kind;
    std::string ns;
    std::string name;
    std::string subresource;

    Key key() const { return {kind.collection(), ns, name}; }
};

/// How an object is to be removed: DeleteOptions and the query's dryRun.
struct Removal {
    std::optional<std::string> uid;
    std::optional<std::string> resource_version;
    std::optional<std::int64_t> grace_period_seconds;
    std::string propagation;  ///< "", "Background", "Foreground", "Orphan"
    bool dry_run = false;
};

/// Lifetime: what it refers to outlives it.
class Writer {
public:
    Writer(Store& store, Kinds const& kinds, Clock& clock, Random& random)
        : store_(store), kinds_(kinds), clock_(clock), random_(random) {}

    /// `place.name` is empty, the body's name or generateName counts.
    Answer<Snapshot> create(Place place, Object body, bool dry_run);
    /// PUT. Subresources: "", "status", "finalize" (namespaces), "scale".
    Answer<Snapshot> replace(Place place, Object body, bool dry_run);
    using Change = std::function<Answer<boost::json::value>(boost::json::value)>;
    Answer<Snapshot> patch(Place place, Change const& change, bool dry_run);
    /// Removes or begins to remove; what a client gets to read: the object, or a Status.
    Answer<Object> remove(Place place, Removal removal);

    /// As a controller writes: anything goes.
    Object put(Kind const& kind, Object object);
    /// Writes an object whose deletion may thereby be complete.
    Answer<Snapshot> save(Place const& place, Object object, bool dry_run);

private:
    Answer<void> may_create_in(Place const& place) const;
    Answer<void> fits_place(Place const& place, Object const& body) const;
    Answer<void> names_place(Place const& place, Object const& body) const;
    std::string free_name(Place place, std::string prefix);
    void fill(Kind const& kind, Object& object);
    Answer<Snapshot> replace_checked(Place place, Object body, bool is_patch, bool dry_run);
    Object merged(Place const& place, Object const& current, Object body) const;
    std::int64_t grace_of(Place const& place, Object const& object, Removal const& removal) const;
    void mark_terminating(Place const& place, Object& object, std::int64_t grace);
    std::string new_uid();

    Store& store_;
    Kinds const& kinds_;
    Clock& clock_;
    Random& random_;
};

}  // namespace vedette::kube::fake
