#pragma once
// The in-memory API server: Kubernetes' rules about objects, versions and watches, without HTTP and without
// controllers. In process it is a kube::Api; src/sim puts HTTPS in front of it.

#include "base/random.hpp"
#include "kube/api.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vedette::kube::fake {

struct Change;  // store.hpp

/// A kind the server serves: the built-in ones are registered by ApiServer itself, CRDs by the test.
struct Registration {
    Resource resource;
    std::string singular;
    std::vector<std::string> short_names;
    std::vector<std::string> categories;
    bool status_subresource = true;
    /// Printer columns beyond NAME and AGE: header and dotted path.
    std::vector<std::pair<std::string, std::string>> columns;
};

/// A disturbance: which requests, what happens, how often.
struct Fault {
    enum class Kind {
        refuse,           ///< the connection is refused
        delay,            ///< the answer comes `delay` late
        hang,             ///< no answer ever
        reset_body,       ///< the body is cut after `after_bytes`
        status,           ///< answered with `status` (409, 410, 429, 500, 503), Retry-After if set
        garbage,          ///< a body that is not JSON
        duplicate_event,  ///< a watch event is sent twice
        lose_event,       ///< a watch event is not sent (the watch then ends)
        end_watch         ///< a watch ends cleanly before its next event
    };
    Kind kind;
    std::string method;       ///< empty: any; "WATCH" for watches
    std::string path_prefix;  ///< empty: any
    double probability = 1;
    int times = -1;  ///< how often it may still strike; -1: always
    int status = 503;
    std::optional<int> retry_after_seconds;
    Duration delay{};
    std::size_t after_bytes = 100;
};

struct Options {
    std::size_t history = 1000;  ///< events kept for watches; older versions get 410
    Duration bookmark_interval = std::chrono::seconds(60);
    Duration continue_lifetime = std::chrono::minutes(5);
    std::size_t watch_queue = 10'000;  ///< events a slow watcher may lag behind; beyond: its watch ends
    std::string git_version = "v1.36.4";
};

/// Threads: one reactor. Lifetime: `clock` and `random` outlive it; it outlives its requests and bodies.
class ApiServer final : public Api {
public:
    ApiServer(asio::any_io_executor executor, Clock& clock, Random& random, Options options = {});
    ~ApiServer() override;

    Task<Response> send(Request request, Deadline deadline) override;

    void add_kind(Registration registration);
    void add_fault(Fault fault);
    void clear_faults();

    /// Writes an object as a controller would: status included, generation and uid set, watchers told. Replaces the
    /// object if it exists; makes its namespace if there is none. For seeding scenarios. Aborts if the kind is not
    /// registered: that is the test's bug.
    Object put(Object object);
    /// Removes at once, finalizers or not.
    bool erase(Resource const& resource, std::string_view ns, std::string_view name);
    /// Deletes what owners that are gone have left behind, finishes orphaning, foreground deletion and the end of
    /// terminating namespaces; how many objects are gone.
    std::size_t collect_garbage();
    /// Who may do what: false answers 403 as RBAC words it. Default: everything is allowed.
    void set_authorizer(
        std::function<bool(std::string_view user, std::string_view verb, Resource const& resource, std::string_view ns)>
            allow);
    /// Hears of every change, in order, once it is stored and before its request is answered; must not write.
    void on_change(std::function<void(Change const&)> listener);
    /// Health of /livez and /readyz: named checks that fail.
    void set_failing_health(std::vector<std::string> names);
    std::size_t open_watches() const;
    std::size_t requests() const;  ///< answered so far

    /// The same server for somebody else than "kubernetes-admin": who the authorizer is asked about. Outlived by this.
    std::unique_ptr<Api> as_user(std::string user);

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace vedette::kube::fake
