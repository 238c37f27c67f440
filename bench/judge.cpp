// judge COUNT: judges COUNT failing pods with every check that reads pods alone, and prints as one JSON object the
// longest time that such a judgement, one step of the reactor, took in milliseconds.

#include "check/instance.hpp"
#include "check/objects/pod.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstring>

namespace vedette {
namespace {

namespace json = boost::json;

constexpr int repetitions = 5;  // the fastest counts: others have the processor now and then

json::object failing_pod(std::size_t number) {
    return {{"metadata",
             {{"name", fmt::format("web-6d4cf56db6-{:05}", number)},
              {"namespace", "shop-production"},
              {"creationTimestamp", "2026-01-01T00:00:00Z"},
              {"labels", {{"app", "web"}}},
              {"ownerReferences", {{{"kind", "ReplicaSet"}, {"name", "web-6d4cf56db6"}, {"controller", true}}}}}},
            {"spec", {{"nodeName", "n1"}, {"containers", {{{"name", "web"}}}}}},
            {"status",
             {{"phase", "Running"},
              {"conditions",
               {{{"type", "Ready"},
                 {"status", "False"},
                 {"reason", "ContainersNotReady"},
                 {"message", "containers with unready status: [web]"},
                 {"lastTransitionTime", "2026-01-01T00:00:00Z"}}}},
              {"containerStatuses",
               {{{"name", "web"},
                 {"ready", false},
                 {"restartCount", 40},
                 {"state",
                  {{"waiting",
                    {{"reason", "CrashLoopBackOff"},
                     {"message", "back-off 5m0s restarting failed container=web pod=web-6d4cf56db6_shop"}}}}},
                 {"lastState",
                  {{"terminated",
                    {{"reason", "OOMKilled"},
                     {"exitCode", 137},
                     {"startedAt", "2026-01-01T11:50:00Z"},
                     {"finishedAt", "2026-01-01T11:59:00Z"}}}}}}}}}}};
}

WallTime const now{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + std::chrono::hours(12)};

bool reads_only_pods(check::CheckType const& type) {
    if (!type.judge) return false;
    auto const needs = type.needs();
    return needs.size() == 1 && needs.front().resource == check::Pod::resource();
}

double milliseconds_of(check::CheckType const& type, check::Snapshot const& snapshot) {
    auto const params = check::default_instance(type).params;
    auto least = std::chrono::duration<double, std::milli>::max();
    for (int i = 0; i < repetitions; ++i) {
        auto const began = std::chrono::steady_clock::now();
        check::View const view(snapshot, params);
        auto const outcome = type.judge(view, params, now);
        least = std::min(least, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began));
    }
    return least.count();
}

int run(std::size_t count) {
    check::Snapshot snapshot;
    auto listing = check::read_of<check::Pod>().make();
    for (std::size_t i = 0; i < count; ++i) listing->add(check::Pod::projection().apply(failing_pod(i)).as_object());
    snapshot.listings[check::Pod::resource().qualified()] = std::move(listing);
    json::object times;
    for (auto const* type : check::all_check_types()) {
        if (reads_only_pods(*type)) times[type->name] = milliseconds_of(*type, snapshot);
    }
    fmt::print("{}\n", json::serialize(times));
    return 0;
}

}  // namespace
}  // namespace vedette

int main(int argc, char** argv) {
    std::size_t count = 0;
    if (argc == 2) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), count);
    if (count > 0) return vedette::run(count);
    fmt::print(stderr, "usage: {} COUNT\n", argv[0]);
    return 2;
}
