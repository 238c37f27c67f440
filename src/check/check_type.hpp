#pragma once
// CheckType: one row of the registry. A check has one of two shapes (contracts 3): objects are read and judged by a
// pure function, or a probe acts and reports.

#include "base/files.hpp"
#include "base/process.hpp"
#include "check/outcome.hpp"
#include "check/params.hpp"
#include "check/snapshot.hpp"
#include "kube/client.hpp"
#include "kube/target.hpp"
#include "net/dialer.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace vedette::check {

enum class ParamKind { duration, integer, number, flag, text, texts, object };

/// A parameter of a type, under `with`.
struct ParamSpec {
    std::string_view name;
    ParamKind kind;
    std::string_view fallback;  ///< the default as JSON text; empty: required
    std::string_view summary;
    double least = -1e18;  ///< bounds of numbers and of durations in seconds
    double most = 1e18;
};

/// Rights beyond what `needs` lists: for `vedette checks rbac`. Those of a type that is not cluster-scoped are needed
/// in the namespaces of its instance; URLs are of no namespace.
struct Rule {
    std::string_view verb;
    std::string_view group;
    std::string_view resource;
    std::string_view name;  ///< resourceNames; empty: all
    std::string_view url;   ///< nonResourceURLs instead
};

/// The doors a probe may use. All outlive the run.
struct ProbeContext {
    Clock& clock;
    Random& random;
    net::Dialer& dialer;
    net::Resolver& resolver;
    net::Tls& tls;
    net::HttpClient& http;
    Process& process;
    kube::Client* client;        ///< null without a cluster
    kube::Target const* target;  ///< null without a cluster
    std::function<std::optional<std::string>(std::string)> environment;
    Files* files = nullptr;  ///< for credentials that live in files; null: those are not looked at
};

using Judge = Outcome (*)(View const&, Params const&, WallTime now);
using Needs = std::vector<Read> (*)();
using Probe = Async<Outcome> (*)(ProbeContext& context, Params params, Deadline deadline);

struct CheckType {
    std::string_view name;             ///< kebab-case: "pods-crashloop"
    std::string_view group;            ///< controlplane nodes workloads storage network certs policy probes
    std::string_view summary;          ///< one line: what it finds
    std::string_view explain;          ///< a paragraph: what it means, what is left out, the source of its limits
    std::string_view critical = {};    ///< when it is critical; empty: never
    std::string_view warning = {};     ///< when it is a warning; empty: never
    std::string_view unknown = {};     ///< beyond a read or request that fails or is not allowed
    std::string_view skipped = {};     ///< beyond --namespace, skip_if and kinds that are not served
    std::string_view causes = {};      ///< what is behind it, the likeliest first, one a line
    std::string_view next = {};        ///< what to type next, one a line: "command  # what it shows"
    std::string_view companions = {};  ///< checks that often turn with it, separated by blanks
    Duration timeout = std::chrono::seconds(10);
    Duration min_age{};
    std::span<ParamSpec const> with = {};
    Needs needs = nullptr;  ///< with judge: an object check
    Judge judge = nullptr;
    Probe probe = nullptr;  ///< instead of needs and judge
    /// What in well-formed parameters cannot be used, in one sentence; "": nothing. Null: everything can.
    std::string (*bad_parameter)(Params const& params) = nullptr;
    std::span<Rule const> rules = {};
    bool built_in = true;         ///< part of the built-in suite
    bool cluster_scoped = false;  ///< skipped under --namespace
    bool needs_cluster = true;    ///< false: probes that run without a kubeconfig
};

/// Every type there is, in the order in which they are shown: registry.cpp, one readable table.
std::span<CheckType const* const> all_check_types();
CheckType const* find_check_type(std::string_view name);

}  // namespace vedette::check
