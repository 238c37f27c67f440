#pragma once
#include "base/clock.hpp"
#include "kube/client.hpp"

#include <functional>
#include <map>
#include <string>

namespace vedette::op {

/// 200, or why not: 401 (who is this), 403 (that one may not), 500 (it could not be found out), 503 (too many ask).
/// The sentence goes to whoever asked, so it holds nothing about the cluster.
struct Verdict {
    int status = 200;
    std::string sentence = {};

    bool operator==(Verdict const&) const = default;
};

struct ScrapeAccessOptions {
    Duration allowed_for = std::chrono::minutes(1);   ///< for so long a revoked token still reads
    Duration refused_for = std::chrono::seconds(10);  ///< and a right just granted does not help
    std::size_t cached = 1000;                        ///< verdicts; those that lapse first give way
    std::size_t reviews = 16;                         ///< under way; beyond: 503
};

/// May the bearer of a token read /metrics? Asks the API server who that is (TokenReview) and whether the non-resource
/// URL /metrics with verb get is theirs (SubjectAccessReview), as kube-rbac-proxy and controller-runtime do; the
/// operator needs verb create on both. Tokens are kept as digests only.
///
/// Threads: one reactor. Lifetime: outlives judge(), and what `client` refers to and `clock` outlive it.
class ScrapeAccess {
public:
    /// `warn` hears why a review failed.
    ScrapeAccess(kube::Client client, Clock& clock, std::function<void(std::string)> warn,
                 ScrapeAccessOptions options = {});

    /// `authorization`: the header's value. Past `deadline` it could not be found out.
    Async<Verdict> judge(std::string authorization, Deadline deadline);

    std::size_t cached() const { return verdicts_.size(); }

private:
    struct Kept {
        Verdict verdict;
        TimePoint until;
    };

    Task<Verdict> review(std::string token, Deadline deadline);
    void keep(std::string key, Verdict verdict);

    kube::Client client_;
    Clock& clock_;
    std::function<void(std::string)> warn_;
    ScrapeAccessOptions options_;
    std::map<std::string, Kept> verdicts_;  // by the token's digest
    std::size_t reviews_ = 0;               // under way
};

}  // namespace vedette::op
