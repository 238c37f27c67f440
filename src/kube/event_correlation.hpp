#pragma once
// Which Event object a happening becomes: a new one, one more count of an existing one, or none. The rules are those of
// client-go's EventCorrelator, https://pkg.go.dev/k8s.io/client-go/tools/record#EventCorrelator, but for one: Normal
// and Warning have a budget each, so that what goes well never hides what does not.

#include "base/clock.hpp"
#include "base/recently_used.hpp"
#include "kube/request.hpp"

#include <set>

namespace vedette::kube {

struct ObjectReference {
    std::string api_version;
    std::string kind;
    std::string ns;  ///< empty: cluster-scoped; its events live in "default"
    std::string name;
    std::string uid;
    std::string resource_version;
    std::string field_path;
    bool operator==(ObjectReference const&) const = default;
};
ObjectReference reference_to(Object const& object);

struct Happening {
    ObjectReference about;
    bool warning = false;
    std::string reason;  ///< CamelCase
    std::string message;
    WallTime when;
};

/// One Event object as it should be: created when count is 1, patched otherwise.
struct Series {
    std::string key;  ///< for forget()
    std::string name;
    std::string message;
    std::int64_t count = 0;
    WallTime first;
};

struct CorrelationLimits {
    std::size_t remembered = 4096;  ///< series, and objects, kept in mind
    std::size_t similar = 10;       ///< messages for one reason, beyond which they share one Event
    Duration similar_within = std::chrono::minutes(10);
    double burst = 25;                          ///< Events of one type about one object, at once
    Duration refill = std::chrono::minutes(5);  ///< for one more
};

class EventCorrelator {
public:
    explicit EventCorrelator(CorrelationLimits limits = {});

    /// Nothing: too many events of this type about this object.
    std::optional<Series> correlate(Happening const& happening);
    /// The series' Event is gone, or was never stored: its next happening makes a new one.
    void forget(std::string const& key);

private:
    struct Similar {
        std::set<std::string> messages;
        WallTime last{};
    };
    struct Known {
        std::string name;
        std::int64_t count = 0;
        WallTime first{};
    };
    struct Budget {
        bool started = false;
        double tokens = 0;
        WallTime refilled{};
    };
    struct Budgets {
        Budget normal;
        Budget warning;
    };
    bool within_budget(Happening const& happening);
    std::string new_name(Happening const& happening);

    CorrelationLimits limits_;
    std::int64_t last_stamp_ = 0;
    RecentlyUsed<Similar> similar_;
    RecentlyUsed<Known> known_;
    RecentlyUsed<Budgets> budgets_;
};

}  // namespace vedette::kube
