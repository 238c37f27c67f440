#pragma once
// Workflow texts behind URLs, which whoever may write a HealthCheck chooses.

#include "net/guarded_dialer.hpp"
#include "net/http_client.hpp"
#include "operator/source_cache.hpp"
#include "operator/workflow.hpp"

namespace vedette::op {

struct UrlSourceOptions {
    std::size_t limit = source_limit;  ///< bytes of a text
    int redirects = 10;                ///< followed in one read
    std::size_t cache_entries = 256;   ///< texts kept for If-None-Match
    std::size_t cache_bytes = std::size_t{16} << 20;
    /// Looks up HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as the reference's Go does; null: no proxies. A proxy's own
    /// address is judged as any other. Behind one, a target that is a name is the proxy's to look up, and keeping it
    /// from link-local addresses the proxy's duty; a literal target is judged here.
    net::Environment environment;
};

/// Whether a URL's host may be asked, as far as its text tells: it is ASCII, and `policy` does not refuse it.
/// Errors: invalid_input, denied.
Result<void> check_host(net::Url const& url, net::AddressPolicy const& policy);

/// Has an HTTP client of its own over the guarded dialer, so that no other way out exists.
///
/// Threads: one reactor. Lifetime: outlives its reads; what it is made with outlives it.
class UrlSource {
public:
    UrlSource(asio::any_io_executor executor, Clock& clock, net::GuardedDialer& dialer, net::Tls& tls,
              UrlSourceOptions options);

    /// Asks once, following redirects, each of which is judged as the first URL was. `user:password@` becomes Basic
    /// authorization for that scheme, host and port alone. With `verify` false any certificate will do.
    ///
    /// Errors: denied (an address that is not dialed), invalid_input (not a URL; HTML instead of a Workflow),
    /// rejected and unavailable (a status other than 200, below and from 500), too_large, timed_out, and those of
    /// HttpClient::send. The text names the URL without credentials and query.
    Task<std::string> read(std::string url, bool verify, Deadline deadline);

    SourceCache const& cache() const { return cache_; }

private:
    struct Hop;
    struct Step;
    Task<Step> ask(Hop const& hop, bool verify, Deadline deadline);
    Task<std::string> follow(net::Url first, bool verify, Deadline deadline);

    net::GuardedDialer& dialer_;
    UrlSourceOptions options_;
    std::unique_ptr<net::HttpClient> http_;
    SourceCache cache_;
};

}  // namespace vedette::op
