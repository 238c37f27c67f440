#pragma once
// Snapshot: what one run has read from the API server, as small structs. One LIST per kind per run, shared by every
// check that wants it; a check sees it through a View that applies its own namespaces, exclusions and selector.
//
// An object type T (check/objects/) has:
//   static kube::Resource resource();            which list
//   static kube::Projection projection();        which fields survive the parse
//   static T from(boost::json::object const&);   never throws on odd or missing fields
//   Meta meta;

#include "base/ensure.hpp"
#include "base/error.hpp"
#include "check/scope.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace vedette::check {

/// The objects of one list, type-erased.
class Listing {
public:
    virtual ~Listing() = default;
    virtual void add(boost::json::object const& object) = 0;
    /// Takes over all objects of `other`, which is of the same type.
    virtual void append(Listing&& other) = 0;
    virtual void clear() = 0;
    /// Forgets the last `count` objects, or what is left of them.
    virtual void drop(std::size_t count) = 0;
    virtual std::size_t size() const = 0;
};

template <class T>
class ListingOf final : public Listing {
public:
    void add(boost::json::object const& object) override { items.push_back(T::from(object)); }
    void append(Listing&& other) override {
        auto* same = dynamic_cast<ListingOf*>(&other);
        ensure(same != nullptr, "one resource is decoded to one type");
        if (items.empty()) {
            items = std::move(same->items);
        } else {
            std::move(same->items.begin(), same->items.end(), std::back_inserter(items));
        }
    }
    void clear() override { items.clear(); }
    void drop(std::size_t count) override {
        items.erase(items.end() - static_cast<std::ptrdiff_t>(std::min(count, items.size())), items.end());
    }
    std::size_t size() const override { return items.size(); }
    std::vector<T> items;
};

/// One list that a check needs.
struct Read {
    kube::Resource resource;
    kube::Projection projection;
    std::unique_ptr<Listing> (*make)();
    /// Missing rights or an unserved kind do not stop the check: it judges without (View::has says so).
    bool optional = false;
    /// Non-empty: only this namespace is read (leases of kube-system).
    std::string only_namespace = {};
};

template <class T>
Read read_of(bool optional = false) {
    return Read{T::resource(),
                T::projection(),
                [] -> std::unique_ptr<Listing> { return std::make_unique<ListingOf<T>>(); },
                optional,
                {}};
}

class Snapshot {
public:
    /// By resource.qualified().
    std::map<std::string, std::unique_ptr<Listing>> listings;
};

/// A check's sight of the snapshot.
class View {
public:
    /// `missing`: lists that the snapshot has, but not in all that this check looks at (Resource::qualified()).
    View(Snapshot const& snapshot, Params const& params, std::set<std::string> missing = {})
        : snapshot_(snapshot), scope_(params), missing_(std::move(missing)) {}

    template <class T>
    bool has() const {
        auto const name = T::resource().qualified();
        return snapshot_.listings.contains(name) && !missing_.contains(name);
    }

    /// The objects in this check's scope. The pointers live as long as the snapshot.
    template <class T>
    std::vector<T const*> list() const {
        std::vector<T const*> result;
        auto const resource = T::resource();
        for (auto const& item : everything<T>()) {
            if (scope_.covers(item.meta, resource.namespaced)) result.push_back(&item);
        }
        return result;
    }

    /// Also the objects out of scope: the endpoints of a Service that a webhook points to.
    template <class T>
    std::vector<T> const& everything() const {
        auto const found = snapshot_.listings.find(T::resource().qualified());
        ensure(found != snapshot_.listings.end(), "a check reads only what it needs() declares");
        auto const* typed = dynamic_cast<ListingOf<T> const*>(found->second.get());
        ensure(typed != nullptr, "one resource is decoded to one type");
        return typed->items;
    }

private:
    Snapshot const& snapshot_;
    Scope scope_;
    std::set<std::string> missing_;
};

}  // namespace vedette::check
