#pragma once
// What a check instance is told: the parameters common to all types, and the type's own under `with`.

#include "base/clock.hpp"
#include "check/outcome.hpp"

#include <boost/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace vedette::check {

/// Who a check is; the filters -g, -n and -s match group, name and service.
struct Identity {
    std::string name;
    std::string type;
    std::string group;
    std::string service = "kubernetes";
    bool operator==(Identity const&) const = default;
};

struct Params {
    std::vector<std::string> namespaces;  ///< exact names or globs; empty: all
    std::vector<std::string> exclude;     ///< globs over "namespace/name", or "name" where cluster-scoped
    std::string selector;                 ///< a label selector, applied by the API server's rules
    Duration timeout{};
    Duration min_age{};   ///< a trouble younger than this is not yet one
    bool strict = false;  ///< findings that every healthy cluster has become warnings
    std::size_t max_failures_listed = 20;
    Status severity = Status::critical;  ///< the worst status it may report: critical or warning
    int retries = 0;
    std::vector<std::pair<std::string, std::string>> labels;
    std::string skip_if;       ///< name of an environment variable: skipped when it is set and not false
    boost::json::object with;  ///< complete: every parameter of the type, defaults filled in and types checked

    // Typed access to `with`. The suite reader has checked names and types against ParamSpec, so these cannot fail.
    Duration duration(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    double number(std::string_view name) const;
    bool flag(std::string_view name) const;
    std::string text(std::string_view name) const;
    std::vector<std::string> texts(std::string_view name) const;
};

}  // namespace vedette::check
