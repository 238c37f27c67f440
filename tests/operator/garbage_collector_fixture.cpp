// Listens to the store itself: a collector that lags or misses an event is another test's matter.

#include "base/json.hpp"
#include "kube/fake/store.hpp"
#include "operator/garbage_collector.hpp"

namespace vedette::op::simulation {
namespace {

std::vector<std::string> owners_of(kube::Object const& object) {
    std::vector<std::string> uids;
    auto const* list = find(object, "metadata.ownerReferences");
    if (!list || !list->is_array()) return uids;
    for (auto const& owner : list->get_array()) uids.push_back(get_string(owner, "uid"));
    return uids;
}

kube::Resource resource_of(std::string const& collection) {
    auto const dot = collection.find('.');
    return {.group = dot == std::string::npos ? "" : collection.substr(dot + 1), .plural = collection.substr(0, dot)};
}

}  // namespace

GarbageCollector::GarbageCollector(kube::fake::ApiServer& server, Clock& clock, Duration delay)
    : server_(server), clock_(clock), delay_(delay) {
    server_.on_change([this](kube::fake::Change const& change) { hear(change); });
}

GarbageCollector::~GarbageCollector() {
    if (timer_) clock_.cancel(*timer_);
}

void GarbageCollector::hear(kube::fake::Change const& change) {
    if (change.before && !change.after) return forget(get_string(*change.before, "metadata.uid"));
    auto const& object = *change.after;
    auto const uid = get_string(object, "metadata.uid");
    auto& item = items_[uid];
    for (auto const& owner : item.owners) dependents_[owner].erase(uid);
    item = {change.key.collection, change.key.ns, change.key.name, owners_of(object)};
    for (auto const& owner : item.owners) dependents_[owner].insert(uid);
    if (item.owners.empty() || !abandoned(item)) return;
    suspects_.insert(uid);
    plan();
}

void GarbageCollector::forget(std::string const& uid) {
    auto const item = items_.extract(uid);
    if (item) {
        for (auto const& owner : item.mapped().owners) dependents_[owner].erase(uid);
    }
    auto const dependents = dependents_.extract(uid);
    if (!dependents || dependents.mapped().empty()) return;
    suspects_.insert(dependents.mapped().begin(), dependents.mapped().end());
    plan();
}

bool GarbageCollector::abandoned(Item const& item) const {
    return !item.owners.empty() && std::ranges::none_of(item.owners, [&](std::string const& uid) {
        auto const owner = items_.find(uid);
        return owner != items_.end() && (owner->second.ns.empty() || owner->second.ns == item.ns);
    });
}

void GarbageCollector::plan() {
    if (timer_) return;
    timer_ = clock_.call_at(clock_.now() + delay_, [this] {
        timer_.reset();
        collect();
    });
}

void GarbageCollector::collect() {
    for (auto const& uid : std::exchange(suspects_, {})) {
        auto const found = items_.find(uid);
        if (found == items_.end() || !abandoned(found->second)) continue;
        auto const item = found->second;  // a copy: erasing it changes the map
        if (server_.erase(resource_of(item.collection), item.ns, item.name)) ++collected_;
    }
}

}  // namespace vedette::op::simulation
