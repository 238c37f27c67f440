#pragma once
// Outcome: the answer to a check. Everything a check meets is a finding; a check has no error channel.

#include "base/clock.hpp"

#include <boost/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace vedette::check {

/// Worst first when compared by severity_of(): critical > timeout > unknown > warning > ok > skipped.
enum class Status { ok, warning, critical, unknown, timeout, skipped };

std::string_view to_string(Status status);
/// Higher is worse.
int severity_of(Status status);
Status worse(Status a, Status b);
/// ok, warning and skipped are healthy.
bool is_healthy(Status status);

/// What `since` is, for the sentence: a trouble lasts ("for 47m"), or happened once ("7h ago"), or the message has told
/// the time already.
enum class Timing { lasts, happened, told };

/// One object (or part of one) that makes the outcome what it is.
struct Failure {
    std::string kind;               ///< "Pod"
    std::optional<std::string> ns;  ///< absent: cluster-scoped
    std::string name;
    Status status = Status::critical;
    std::string reason;   ///< CamelCase: "CrashLoopBackOff"
    std::string message;  ///< a sentence without the object's name in front
    std::optional<WallTime> since;
    Timing timing = Timing::lasts;

    bool operator==(Failure const&) const = default;
};

/// "Pod shop/web-1", "Node n1"
std::string object_name(Failure const& failure);

/// A pair of limits by name, as the check applied them; a limit it does not have is null.
struct Threshold {
    std::string name;
    boost::json::value warning;
    boost::json::value critical;
    bool operator==(Threshold const&) const = default;
};

struct Outcome {
    Status status = Status::unknown;
    std::string reason;             ///< CamelCase word, stable, to filter on
    std::string message;            ///< one sentence: what, which, why, since when
    std::int64_t checked = 0;       ///< objects looked at
    std::int64_t failed = 0;        ///< objects that made it warning or critical
    std::vector<Failure> failures;  ///< sorted by status, since, namespace, name; at most max_failures_listed
    bool failures_truncated = false;
    std::vector<std::pair<std::string, double>> measurements;  ///< snake_case name with its unit
    boost::json::object details;
    std::vector<Threshold> thresholds;

    static Outcome ok(std::string message, std::string reason = "Ok");
    static Outcome warning(std::string message, std::string reason);
    static Outcome critical(std::string message, std::string reason);
    static Outcome unknown(std::string message, std::string reason = "Unknown");
    static Outcome timeout(std::string message);
    static Outcome skipped(std::string message, std::string reason = "Skipped");
};

/// What a judge has found, a Failure if it comes to be listed. Ten thousand may be found and twenty listed: only what
/// is among the first so far is copied and worded.
///
/// Lifetime: what the views show outlives the Findings (literals, the snapshot).
struct Finding {
    std::string_view kind;
    std::string_view ns;  ///< "": cluster-scoped
    std::string_view name;
    Status status = Status::critical;
    std::string_view reason;
    std::function<std::string()> message;  ///< called by Findings::add() or never
    std::optional<WallTime> since;
    Timing timing = Timing::lasts;
};

/// Collects what a judge finds while it walks its objects, and concludes the outcome all checks share: worst status,
/// sorted list, one sentence with the most useful fact first.
class Findings {
public:
    explicit Findings(std::size_t max_listed) : max_listed_(max_listed) {}

    /// Of equals the first to be added is listed first.
    void add(Finding const& finding);

    /// `ok_message` when nothing was found, else "Pod shop/web-1 <message>, for 47m; 4 more like it". `now` words the
    /// time.
    Outcome conclude(std::int64_t checked, std::string ok_message, WallTime now) &&;

private:
    using Object = std::tuple<std::string_view, std::string_view, std::string_view>;  // kind, namespace, name
    /// Status, since, namespace, name, reason: the least goes first.
    using Rank = std::tuple<int, WallTime, std::string_view, std::string_view, std::string_view>;

    std::size_t max_listed_;
    std::size_t found_ = 0;
    std::vector<Object> objects_;  ///< of all findings; one may come again
    std::multimap<Rank, Failure> first_;
};

}  // namespace vedette::check
