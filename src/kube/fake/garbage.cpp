// Rounds over the whole store until one changes nothing: slow and plainly right, and a scenario asks for it rarely.

#include "kube/fake/garbage.hpp"

#include "kube/fake/metadata.hpp"
#include "kube/fake/selector.hpp"

#include <set>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

struct Item {
    Place place;
    Snapshot object;
};

std::vector<Item> everything(Store const& store, Kinds const& kinds) {
    std::vector<Item> items;
    for (auto const& name : store.collections()) {
        auto const* kind = kinds.by_collection(name);
        if (!kind) continue;
        for (auto const& [path, object] : store.collection(name)) {
            items.push_back({{*kind, meta_text(*object, "namespace"), meta_text(*object, "name"), ""}, object});
        }
    }
    return items;
}

std::vector<std::string> owners_of(Object const& object) {
    std::vector<std::string> uids;
    auto const* list = at_path(object, "metadata.ownerReferences");
    if (!list || !list->is_array()) return uids;
    for (auto const& owner : list->get_array()) {
        if (owner.is_object()) uids.push_back(text_at(owner.get_object(), "uid"));
    }
    return uids;
}

bool owned_by(Object const& object, std::string const& uid) {
    auto const owners = owners_of(object);
    return std::ranges::find(owners, uid) != owners.end();
}

void disown(Object& object, std::string const& uid) {
    json::array kept;
    for (auto const& owner : at_path(object, "metadata.ownerReferences")->get_array()) {
        if (!owner.is_object() || text_at(owner.get_object(), "uid") != uid) kept.push_back(owner);
    }
    auto& metadata = metadata_of(object);
    if (kept.empty()) {
        metadata.erase("ownerReferences");
    } else {
        metadata["ownerReferences"] = std::move(kept);
    }
}

class Round {
public:
    Round(Store& store, Kinds const& kinds, Writer& writer)
        : store_(store), writer_(writer), items_(everything(store, kinds)) {
        for (auto const& item : items_) alive_.insert(meta_text(*item.object, "uid"));
    }

    void run() {
        for (auto const& item : items_) {
            if (has_finalizer(*item.object, "orphan")) release_dependents(item);
            if (has_finalizer(*item.object, "foregroundDeletion")) remove_dependents(item);
            if (item.place.kind.collection() == "namespaces" && is_terminating(*item.object)) empty_namespace(item);
            auto const owners = owners_of(*item.object);
            bool const abandoned = !owners.empty() && std::ranges::none_of(owners, [&](std::string const& uid) {
                return alive_.contains(uid);
            });
            if (abandoned) remove(item);
        }
    }

private:
    void remove(Item const& item) {
        auto const now = store_.get(item.place.key());
        if (!now || (is_terminating(*now) && !finalizers_of(*now).empty())) return;
        (void)writer_.remove(item.place, {.grace_period_seconds = 0, .propagation = "Background"});
    }

    void drop_finalizer(Item const& item, char const* finalizer) {
        auto const now = store_.get(item.place.key());
        if (!now) return;
        auto object = *now;
        remove_finalizer(object, finalizer);
        (void)writer_.save(item.place, std::move(object), false);
    }

    void release_dependents(Item const& owner) {
        auto const uid = meta_text(*owner.object, "uid");
        for (auto const& item : items_) {
            auto const now = store_.get(item.place.key());
            if (!now || !owned_by(*now, uid)) continue;
            auto object = *now;
            disown(object, uid);
            (void)writer_.save(item.place, std::move(object), false);
        }
        drop_finalizer(owner, "orphan");
    }

    void remove_dependents(Item const& owner) {
        auto const uid = meta_text(*owner.object, "uid");
        bool waiting = false;
        for (auto const& item : items_) {
            if (!owned_by(*item.object, uid)) continue;
            remove(item);
            waiting |= store_.get(item.place.key()) != nullptr;
        }
        if (!waiting) drop_finalizer(owner, "foregroundDeletion");
    }

    void empty_namespace(Item const& ns) {
        bool waiting = false;
        for (auto const& item : items_) {
            if (item.place.ns != ns.place.name) continue;
            remove(item);
            waiting |= store_.get(item.place.key()) != nullptr;
        }
        auto const now = store_.get(ns.place.key());
        if (waiting || !now) return;
        auto object = *now;
        object["spec"] = json::object{};
        (void)writer_.save(ns.place, std::move(object), false);
    }

    Store& store_;
    Writer& writer_;
    std::vector<Item> items_;
    std::set<std::string> alive_;
};

std::size_t population(Store const& store) {
    std::size_t count = 0;
    for (auto const& name : store.collections()) count += store.collection(name).size();
    return count;
}

}  // namespace

std::size_t collect_garbage(Store& store, Kinds const& kinds, Writer& writer) {
    auto const before = population(store);
    while (true) {
        auto const revision = store.revision();
        Round(store, kinds, writer).run();
        if (store.revision() == revision) break;
    }
    return before - population(store);
}

}  // namespace vedette::kube::fake
