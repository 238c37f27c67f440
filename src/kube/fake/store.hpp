#pragma once
// The object store under the API server: one revision counter for all objects as in etcd, the latest objects in key
// order, and a bounded history of what changed. Knows JSON objects and their keys, no rules of Kubernetes, no I/O.

#include <boost/json.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace vedette::kube::fake {

using Revision = std::uint64_t;
using Snapshot = std::shared_ptr<boost::json::object const>;

/// Where an object lives. Objects of a collection are ordered by "namespace/name" (or the name), as in etcd.
struct Key {
    std::string collection;  ///< "pods", "deployments.apps"
    std::string ns;          ///< empty for cluster-scoped objects
    std::string name;

    std::string path() const { return ns.empty() ? name : ns + "/" + name; }
    bool operator==(Key const&) const = default;
};

/// One step of history. Created: no `before`. Deleted: no `after`.
struct Change {
    Revision revision;
    Key key;
    Snapshot before;
    Snapshot after;
};

/// An ordered view of a collection at one revision.
using Collection = std::map<std::string, Snapshot, std::less<>>;

class Store {
public:
    /// Keeps the last `history` changes. The first revision is not 1, so that "1" is always too old.
    explicit Store(std::size_t history) : history_(history) {}

    Revision revision() const { return revision_; }
    /// Versions below this one cannot be watched from or listed at.
    Revision oldest() const { return oldest_; }

    /// Null if there is none.
    Snapshot get(Key const& key) const;
    /// Creates or replaces; stamps metadata.resourceVersion.
    Snapshot put(Key const& key, boost::json::object object);
    /// False if there was none.
    bool erase(Key const& key);
    /// Its JSON, kept while the object is the latest: who wrote it, all who watch it and each list are told the same
    /// text. The reference ends with the next call.
    std::string const& text_of(Snapshot const& object);

    Collection const& collection(std::string const& name) const;
    /// Whether the collection is still what it was at `revision`.
    bool unchanged_since(std::string const& name, Revision revision) const;
    /// A copy of the collection as it was; nothing if `revision` is older than oldest().
    std::optional<Collection> collection_at(std::string const& name, Revision revision) const;
    /// What happened to the collection after `revision`, oldest first; nothing if that is older than oldest().
    std::optional<std::vector<Change>> changes_after(std::string const& name, Revision revision) const;
    /// Names of the collections that hold or held something, in order.
    std::vector<std::string> collections() const;

    /// Hears of every change, after it is stored.
    void on_change(std::function<void(Change const&)> listener) { listener_ = std::move(listener); }

private:
    void record(Change change);

    std::size_t history_;
    Revision revision_ = 100;
    Revision oldest_ = 100;
    std::map<std::string, Collection, std::less<>> collections_;
    std::map<std::string, Revision, std::less<>> last_change_;
    std::deque<Change> changes_;
    std::unordered_map<Snapshot, std::string> texts_;
    std::function<void(Change const&)> listener_;
};

}  // namespace vedette::kube::fake
