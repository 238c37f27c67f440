#pragma once
// Conformance: what Vedette relies on in an API server, written once and held by the in-memory one and the real one.
//
// A scenario owns one namespace, removes what it makes elsewhere, waits for no controller, and holds on Kubernetes
// 1.36. It works on Secrets, Ingresses and Leases, which no controller writes to.

#include "kube/client.hpp"

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace vedette::kube::conformance {

inline Resource const secrets{"", "v1", "secrets", "Secret", true};
inline Resource const pods{"", "v1", "pods", "Pod", true};
inline Resource const namespaces{"", "v1", "namespaces", "Namespace", false};
inline Resource const service_accounts{"", "v1", "serviceaccounts", "ServiceAccount", true};
inline Resource const leases{"coordination.k8s.io", "v1", "leases", "Lease", true};
inline Resource const ingresses{"networking.k8s.io", "v1", "ingresses", "Ingress", true};

Object object(std::string_view json);
/// A Secret whose one value is `value` in base64.
Object secret(std::string_view name, std::string_view value = "MQ==", std::string_view labels = "{}");
Object ingress(std::string_view name, std::string_view service);

struct Reply {
    int status = 0;
    net::Headers headers;
    std::string text;
    Object body;

    /// The text at a dotted path; other values as JSON; empty if absent.
    std::string at(std::string_view path) const;
    /// "a b c": metadata.name of each item.
    std::string names() const;
};

/// What a scenario talks to, and where its disappointments are kept.
/// Lifetime: `api`, `clock` and `random` outlive it.
class Subject {
public:
    Subject(Api& api, Clock& clock, Random& random, std::string ns);

    /// One exchange; a transport error is a disappointment and status 0.
    Async<Reply> send(Request request);
    Async<Reply> create(Resource resource, Object object);
    Async<Reply> get(Resource resource, std::string name);
    Async<Reply> replace(Resource resource, std::string name, Object object, std::string subresource = "");
    Async<Reply> merge(Resource resource, std::string name, std::string patch, std::string subresource = "");
    Async<Reply> json_patch(Resource resource, std::string name, std::string patch);
    Async<Reply> remove(Resource resource, std::string name, DeleteOptions options = {});
    Async<Reply> list(Resource resource, ListOptions options = {});

    /// Opens a watch of our namespace; null after a disappointment.
    Async<std::unique_ptr<Watch>> watch(Resource resource, WatchOptions options);
    /// The next `count` events as "ADDED a", "BOOKMARK", "ERROR gone", "END"; bookmarks that nobody asked for are left
    /// out.
    Async<std::string> hear(Watch& watch, int count);
    /// The next event; nothing at the end, after an error, or when none comes in 30 s.
    Async<std::optional<WatchEvent>> next(Watch& watch);

    void same(std::string_view what, std::string_view got, std::string_view want);
    void is(std::string_view what, bool holds);
    /// That `reply` is a Status with these words; an empty `message` is not compared.
    void refused(std::string_view what, Reply const& reply, int status, std::string_view reason,
                 std::string_view message = "");
    void succeeded(std::string_view what, Reply const& reply);

    std::string const& ns() const { return ns_; }
    Client& client() { return client_; }
    Clock& clock() { return clock_; }
    std::vector<std::string> const& disappointments() const { return disappointments_; }

private:
    Clock& clock_;
    Client client_;
    std::string ns_;
    std::vector<std::string> disappointments_;
};

/// Which server a scenario can be run on.
enum class Needs {
    any_server,
    real_server,       ///< asks for what the in-memory server refuses by decision (415)
    restarted_server,  ///< a real one forgets old versions only when it restarts (or after minutes)
};

struct Scenario {
    std::string name;  ///< a CamelCase sentence
    Async<void> (*run)(Subject& subject);
    Needs needs = Needs::any_server;

    /// How GoogleTest prints it.
    friend std::ostream& operator<<(std::ostream& out, Scenario const& scenario) { return out << scenario.name; }
};

std::vector<Scenario> const& scenarios();

/// Makes a namespace, runs, removes the namespace; what did not hold.
Async<std::vector<std::string>> run(Scenario scenario, Api& api, Clock& clock, Random& random);

}  // namespace vedette::kube::conformance
