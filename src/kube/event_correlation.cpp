#include "kube/event_correlation.hpp"

#include "base/json.hpp"

namespace vedette::kube {
namespace {

// NUL stands between the parts: no Kubernetes name holds one.
template <class... Parts>
std::string join(Parts const&... parts) {
    std::string key;
    ((key += parts, key += '\0'), ...);
    return key;
}

std::string object_key(ObjectReference const& about) {
    return join(about.api_version, about.kind, about.ns, about.name, about.uid, about.field_path);
}

}  // namespace

ObjectReference reference_to(Object const& object) {
    return {.api_version = get_string(object, "apiVersion"),
            .kind = get_string(object, "kind"),
            .ns = get_string(object, "metadata.namespace"),
            .name = get_string(object, "metadata.name"),
            .uid = get_string(object, "metadata.uid"),
            .resource_version = get_string(object, "metadata.resourceVersion"),
            .field_path = {}};
}

EventCorrelator::EventCorrelator(CorrelationLimits limits)
    : limits_(limits), similar_(limits.remembered), known_(limits.remembered), budgets_(limits.remembered) {}

bool EventCorrelator::within_budget(Happening const& happening) {
    auto& budgets = budgets_.use(object_key(happening.about));
    auto& budget = happening.warning ? budgets.warning : budgets.normal;
    if (!budget.started) {
        budget = {true, limits_.burst, happening.when};
    }
    // A wall clock that went back refills nothing.
    auto const passed = std::max(happening.when - budget.refilled, Duration{});
    budget.tokens = std::min(limits_.burst, budget.tokens + std::chrono::duration<double>(passed) /
                                                                std::chrono::duration<double>(limits_.refill));
    budget.refilled = happening.when;
    if (budget.tokens < 1) return false;
    budget.tokens -= 1;
    return true;
}

// "web-1.18c3a9f2b4d5e6f7": the object and the time in nanoseconds, as client-go names events; two in one nanosecond
// still get two names.
std::string EventCorrelator::new_name(Happening const& happening) {
    constexpr std::size_t longest = 253 - 17;
    last_stamp_ = std::max<std::int64_t>(last_stamp_ + 1, happening.when.time_since_epoch().count());
    return fmt::format("{}.{:x}", happening.about.name.substr(0, longest), last_stamp_);
}

std::optional<Series> EventCorrelator::correlate(Happening const& happening) {
    auto const group = join(object_key(happening.about), happening.warning ? "Warning" : "Normal", happening.reason);
    auto& similar = similar_.use(group);
    if (happening.when - similar.last > limits_.similar_within) similar.messages.clear();
    similar.last = happening.when;
    similar.messages.insert(happening.message);

    auto key = join(group, happening.message);
    auto message = happening.message;
    if (similar.messages.size() >= limits_.similar) {
        similar.messages.erase(similar.messages.begin());
        key = group;
        message = "(combined from similar events): " + happening.message;
    }
    if (!within_budget(happening)) return std::nullopt;

    auto& known = known_.use(key);
    if (known.count == 0) known = {new_name(happening), 0, happening.when};
    ++known.count;
    return Series{key, known.name, std::move(message), known.count, known.first};
}

void EventCorrelator::forget(std::string const& key) {
    known_.use(key).count = 0;
}

}  // namespace vedette::kube
