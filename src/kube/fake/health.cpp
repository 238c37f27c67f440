// The health endpoints, word for word: people and checks read these lines.
// https://kubernetes.io/docs/reference/using-api/health-checks/

#include "kube/fake/discovery.hpp"
#include "kube/fake/route.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::kube::fake {
namespace {

constexpr char const* hooks[] = {
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
};

std::vector<std::string> checks_of(std::string_view endpoint, std::vector<std::string> const& failing) {
    std::vector<std::string> checks{"ping", "log"};
    if (endpoint == "livez") checks.push_back("loopback-serving-certificate");
    checks.push_back("etcd");
    if (endpoint == "readyz") checks.insert(checks.end(), {"etcd-readiness", "informer-sync"});
    checks.insert(checks.end(), std::begin(hooks), std::end(hooks));
    if (endpoint == "readyz") checks.push_back("shutdown");
    for (auto const& name : failing) {
        if (std::ranges::find(checks, name) == checks.end()) checks.push_back(name);
    }
    return checks;
}

// Exclusions that name no check, as Go prints them: "a","b".
std::string unmatched(Request const& request, std::vector<std::string> const& checks) {
    std::string names;
    for (auto const& [key, value] : request.query) {
        if (key != "exclude" || std::ranges::find(checks, value) != checks.end()) continue;
        names += fmt::format("{}\"{}\"", names.empty() ? "" : ",", value);
    }
    return names;
}

Document plain(int status, std::string text) {
    return {status, "text/plain; charset=utf-8", std::move(text)};
}

}  // namespace

std::optional<Document> health(Request const& request, std::vector<std::string> const& failing) {
    std::string_view path = request.path;
    if (path.starts_with('/')) path.remove_prefix(1);
    auto const slash = path.find('/');
    auto const endpoint = path.substr(0, slash);
    if (endpoint != "livez" && endpoint != "readyz" && endpoint != "healthz") return std::nullopt;
    auto const checks = checks_of(endpoint, failing);
    auto const fails = [&](std::string_view name) { return std::ranges::find(failing, name) != failing.end(); };

    if (slash != std::string_view::npos && slash + 1 < path.size()) {
        auto const name = path.substr(slash + 1);
        if (std::ranges::find(checks, name) == checks.end()) return std::nullopt;
        if (fails(name)) return plain(500, fmt::format("internal server error: {} is not well\n", name));
        return plain(200, "ok");
    }
    std::string lines;
    bool failed = false;
    for (auto const& name : checks) {
        bool const excluded = std::ranges::any_of(
            request.query, [&](auto const& entry) { return entry.first == "exclude" && entry.second == name; });
        auto const bad = !excluded && fails(name);
        failed |= bad;
        if (excluded) {
            lines += fmt::format("[+]{} excluded: ok\n", name);
        } else {
            lines += bad ? fmt::format("[-]{} failed: reason withheld\n", name) : fmt::format("[+]{} ok\n", name);
        }
    }
    if (auto const names = unmatched(request, checks); !names.empty()) {
        lines += fmt::format("warn: some health checks cannot be excluded: no matches for {}\n", names);
    }
    if (failed) return plain(500, fmt::format("{}{} check failed\n", lines, endpoint));
    if (!query_flag(request, "verbose")) return plain(200, "ok");
    return plain(200, fmt::format("{}{} check passed\n", lines, endpoint));
}

}  // namespace vedette::kube::fake
