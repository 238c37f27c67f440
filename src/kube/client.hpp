#pragma once
// Client: what the verbs mean on top of Api. Pages lists, restarts them on 410, retries only where it is safe,
// honours Retry-After, and turns every refusal into an error with Kubernetes' reason that names verb, resource, object.

#include "base/random.hpp"
#include "kube/api.hpp"
#include "kube/list_reader.hpp"
#include "kube/projection.hpp"
#include "kube/rate_limiter.hpp"

#include <functional>

namespace vedette::kube {

/// What a complete list says about itself.
struct ListEnd {
    std::string resource_version;
    std::size_t items = 0;
    int pages = 0;
};

/// One line of a watch. `kind` is Kubernetes' word; an ERROR event arrives as an error instead (410: gone).
struct WatchEvent {
    enum class Kind { added, modified, deleted, bookmark };
    Kind kind;
    Object object;
    bool operator==(WatchEvent const&) const = default;
};

/// A watch that is open: read events until it ends.
class Watch {
public:
    explicit Watch(std::unique_ptr<net::Body> body, std::string what)
        : body_(std::move(body)), what_(std::move(what)) {}
    /// The next event; nothing when the server has ended the watch cleanly.
    /// Errors: gone (410), malformed (garbage on the wire), those of Body::read, and timed_out at `deadline`.
    Task<std::optional<WatchEvent>> next(Deadline deadline);

private:
    std::unique_ptr<net::Body> body_;
    std::string what_;
    std::optional<std::string> take_line();
    void forget_taken();

    std::string buffer_;
    std::size_t taken_ = 0;     // bytes of buffer_ handed out
    std::size_t searched_ = 0;  // bytes of buffer_ without an end of line, from taken_ on
    std::size_t since_yield_ = 0;
    bool ended_ = false;
};

struct ClientOptions {
    int attempts = 3;  ///< for requests that may be sent again
    Duration first_backoff = std::chrono::milliseconds(100);
    Duration longest_retry_after = std::chrono::seconds(30);  ///< a longer Retry-After is an error at once
    std::size_t body_limit = 64u * 1024 * 1024;               ///< bytes of a single (not a list) answer
    std::size_t list_limit = 1'000'000;                       ///< objects of a list, all its pages together
    Priority priority = Priority::normal;                     ///< of requests that do not name their own
};

/// A value: copies talk through the same Api and rate limit. Threads: one reactor. Lifetime: `api`, `clock`, `random`
/// and `limiter` (may be null) outlive it.
///
/// Retried: transport failures, 429 and 5xx of GETs; 429 and connection refused of everything (the server did not
/// act on those). A create, patch or delete whose answer got lost is not sent again: the caller must look.
class Client {
public:
    Client(Api& api, Clock& clock, Random& random, RateLimiter* limiter = nullptr, ClientOptions options = {});

    /// The same client, whose requests go at `priority` where the rate limit holds them back.
    Client at(Priority priority) const;

    Task<Object> get(Resource resource, std::string ns, std::string name, Deadline deadline, GetOptions options = {});
    /// Streams every object of all pages, reduced to `projection`, to `on_item`. A
    /// list that restarts because its continue token expired (410) or a page broke off calls `on_restart` first; the
    /// caller drops what it has. Leaves the reactor to others every millisecond.
    Task<ListEnd> list(Resource resource, std::string ns, ListOptions options, Projection projection,
                       std::function<void(Object)> on_item, std::function<void()> on_restart, Deadline deadline);
    Task<Watch> watch(Resource resource, std::string ns, WatchOptions options, Deadline deadline);
    Task<Object> create(Resource resource, std::string ns, Object object, Deadline deadline);
    Task<Object> replace(Resource resource, std::string ns, std::string name, Object object, std::string subresource,
                         Deadline deadline);
    Task<Object> patch(Resource resource, std::string ns, std::string name, Patch kind, boost::json::value patch,
                       PatchOptions options, Deadline deadline);
    Task<Object> remove(Resource resource, std::string ns, std::string name, DeleteOptions options, Deadline deadline);
    /// Any request whose answer is one JSON object.
    Task<Object> call(Request request, Deadline deadline);

    struct RawAnswer {
        int status = 0;
        net::Headers headers;
        std::string body;
        std::shared_ptr<std::vector<net::Certificate> const> peer_chain = {};  ///< as net::HttpResponse's
        Duration took{};  ///< connecting included; without what we waited for by ourselves: rate limit, credentials,
                          ///< a free connection
    };
    /// Any request; every status is an answer, up to `limit` bytes of body. Retries nothing.
    Task<RawAnswer> raw(Request request, Deadline deadline, std::size_t limit = 64u * 1024 * 1024);
    /// Api::issued_credentials.
    Task<std::optional<IssuedCredentials>> issued_credentials(Deadline deadline);

private:
    struct Page {
        std::optional<Error> error;
        bool broke_off = false;  ///< in the middle, in a way that may pass
        std::string resource_version;
        std::string continue_token;
        std::size_t items = 0;
    };
    Task<Response> send_once(Request request, Deadline deadline);
    Task<Response> send(Request request, Deadline deadline);
    struct PageBounds {
        std::size_t items;
        Deadline deadline;
        std::string what;
    };
    Async<Page> get_page(Request const& request, Projection const& projection, ListReader::OnItem const& on_item,
                         PageBounds bounds);
    Task<void> read_page(ListReader& reader, net::Body& body, PageBounds bounds);

    Api& api_;
    Clock& clock_;
    Random& random_;
    RateLimiter* limiter_;
    ClientOptions options_;
};

/// The error that a refusal means. `body` is a Status object or whatever stood in its place.
Error error_of(Request const& request, int status, std::string const& body);

}  // namespace vedette::kube
