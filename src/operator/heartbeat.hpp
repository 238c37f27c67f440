#pragma once
// The outbound heartbeat: a dead man's switch somewhere else raises the alarm when requests stop coming. It tells what
// no series of ours can, that nobody is left to tell anything.

#include "base/files.hpp"
#include "base/log.hpp"
#include "net/http_client.hpp"
#include "operator/metrics.hpp"

namespace vedette::op {

struct HeartbeatOptions {
    std::string url;  ///< --heartbeat-url
    std::string
        url_file;  ///< --heartbeat-url-file, in its place: read for each request, since a mounted Secret changes
    Duration interval = std::chrono::minutes(1);
    /// Looks up HTTPS_PROXY, HTTP_PROXY and NO_PROXY; null: no proxies.
    net::Environment environment = {};
};

/// All outlive the heartbeat. `http` dials any address: the administrator says which, not whoever writes HealthChecks.
struct HeartbeatDoors {
    Clock& clock;
    Files& files;
    net::HttpClient& http;
    OperatorMetrics& metrics;
    Log log;
};

/// Requests a URL every interval. All of the URL but its host is a secret: nothing else of it is ever logged. Threads:
/// one reactor. Lifetime: outlives run().
class Heartbeat {
public:
    /// Nothing: all is well. Else a sentence, and no request is sent.
    using Unwell = std::function<std::optional<std::string>()>;

    /// Errors: invalid_input (no usable URL, or two) and those of reading the file; the text names the flag.
    static Result<std::unique_ptr<Heartbeat>> make(HeartbeatDoors doors, HeartbeatOptions options);

    /// Until cancelled: a GET at once and then every interval, as long as all is well. An answer of 200 to 299 is a
    /// success; a redirect is none, and is not followed. A request ends with the interval, after ten seconds at most.
    /// Certificates are verified, `user:password@` becomes Basic authorization. What came of it is logged when it
    /// differs from the last time.
    Async<void> run(Unwell unwell);

private:
    Heartbeat(HeartbeatDoors doors, HeartbeatOptions options);
    Result<net::Url> url() const;
    Async<void> beat(Deadline deadline);
    Task<void> request(net::Url url, Deadline deadline);
    void tell(std::string outcome, LogLevel level, std::string sentence);

    HeartbeatDoors doors_;
    HeartbeatOptions options_;
    std::string told_;  ///< the outcome that was logged last
};

}  // namespace vedette::op
