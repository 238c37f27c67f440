// The past is kept as changes, not as copies: an old list is the present with the later changes undone.

#include "kube/fake/store.hpp"

#include <algorithm>

namespace vedette::kube::fake {
namespace {

constexpr std::size_t most_texts = 4096;  // also of objects that are not the latest: those are not told again

void stamp(boost::json::object& object, Revision revision) {
    auto& metadata = object["metadata"];
    if (!metadata.is_object()) metadata = boost::json::object{};
    metadata.get_object()["resourceVersion"] = std::to_string(revision);
}

}  // namespace

Snapshot Store::get(Key const& key) const {
    auto const& objects = collection(key.collection);
    auto const found = objects.find(key.path());
    return found == objects.end() ? nullptr : found->second;
}

Snapshot Store::put(Key const& key, boost::json::object object) {
    stamp(object, ++revision_);
    auto& place = collections_[key.collection][key.path()];
    auto const before = std::exchange(place, std::make_shared<boost::json::object const>(std::move(object)));
    auto const after = place;
    record({revision_, key, before, after});
    return after;
}

bool Store::erase(Key const& key) {
    auto& objects = collections_[key.collection];
    auto const found = objects.find(key.path());
    if (found == objects.end()) return false;
    auto const before = found->second;
    objects.erase(found);
    record({++revision_, key, before, nullptr});
    return true;
}

std::string const& Store::text_of(Snapshot const& object) {
    auto const found = texts_.find(object);
    if (found != texts_.end()) return found->second;
    if (texts_.size() >= most_texts) texts_.clear();
    return texts_.emplace(object, boost::json::serialize(*object)).first->second;
}

Collection const& Store::collection(std::string const& name) const {
    static Collection const empty;
    auto const found = collections_.find(name);
    return found == collections_.end() ? empty : found->second;
}

bool Store::unchanged_since(std::string const& name, Revision revision) const {
    auto const last = last_change_.find(name);
    return revision >= oldest_ && (last == last_change_.end() || last->second <= revision);
}

std::optional<Collection> Store::collection_at(std::string const& name, Revision revision) const {
    if (revision < oldest_) return std::nullopt;
    auto objects = collection(name);
    for (auto change = changes_.rbegin(); change != changes_.rend() && change->revision > revision; ++change) {
        if (change->key.collection != name) continue;
        if (!change->before) {
            objects.erase(change->key.path());
        } else {
            objects[change->key.path()] = change->before;
        }
    }
    return objects;
}

std::optional<std::vector<Change>> Store::changes_after(std::string const& name, Revision revision) const {
    if (revision < oldest_) return std::nullopt;
    auto const first = std::upper_bound(changes_.begin(), changes_.end(), revision,
                                        [](Revision r, Change const& change) { return r < change.revision; });
    std::vector<Change> changes;
    std::copy_if(first, changes_.end(), std::back_inserter(changes),
                 [&](Change const& change) { return change.key.collection == name; });
    return changes;
}

std::vector<std::string> Store::collections() const {
    std::vector<std::string> names;
    for (auto const& [name, objects] : collections_) names.push_back(name);
    return names;
}

void Store::record(Change change) {
    if (change.before) texts_.erase(change.before);
    last_change_[change.key.collection] = change.revision;
    changes_.push_back(change);
    while (changes_.size() > history_) {
        oldest_ = changes_.front().revision;
        changes_.pop_front();
    }
    if (listener_) listener_(change);
}

}  // namespace vedette::kube::fake
