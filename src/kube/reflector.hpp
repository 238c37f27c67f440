#pragma once
// Reflector: the endless loop of list and watch that keeps a copy of a resource up to date. Whoever holds the copy is
// its Mirror; Informer<T> (informer.hpp) is one.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

#include "kube/backoff.hpp"
#include "kube/client.hpp"

namespace vedette::kube {

struct ReflectorOptions {
    Resource resource;
    std::string ns;  ///< empty: all namespaces
    std::string label_selector;
    std::string field_selector;
    bool metadata_only = false;
    Projection projection = Projection::all();  ///< identity and version come on top

    std::int64_t page_size = 500;
    Duration first_backoff = std::chrono::milliseconds(800);
    Duration longest_backoff = std::chrono::seconds(30);
    Duration list_timeout = std::chrono::minutes(2);
    Duration shortest_watch = std::chrono::minutes(5);  ///< a watch is asked to end after one to two of these
};

/// Hears what the server has. The objects of a list omit apiVersion and kind.
class Mirror {
public:
    virtual ~Mirror() = default;
    /// A list starts (again): forget what was listed() since the last one was complete.
    virtual void list_starts() = 0;
    virtual void listed(Object object) = 0;
    /// Everything that exists has been listed.
    virtual Async<void> list_is_complete() = 0;
    /// One event; a server may repeat it. Never a bookmark.
    virtual void changed(WatchEvent event) = 0;
};

/// Threads: one reactor. Lifetime: `client`, `clock`, `random` and `mirror` outlive run().
class Reflector {
public:
    Reflector(Client& client, Clock& clock, Random& random, ReflectorOptions options, Mirror& mirror);

    /// Runs until cancelled. Resumes an ended watch where it was; lists again when the version is gone (410), the
    /// server sent garbage or does not accept the request, and after five watches in a row that failed without an
    /// event. A server that cannot be reached or asks for patience (429) says nothing about the version. Between any
    /// two attempts lies a backoff, so a broken server costs at most a request every `first_backoff`, soon every
    /// `longest_backoff`.
    Async<void> run();

    /// The next run() begins with a list. While none runs.
    void forget_version() { version_.clear(); }

    std::string const& resource_version() const { return version_; }
    /// Why the copy may be stale; nothing while all is well.
    std::optional<Error> const& last_error() const { return last_error_; }
    std::uint64_t lists() const { return lists_; }
    std::uint64_t watches() const { return watches_; }

private:
    struct WatchEnd {
        std::optional<Error> error;
        bool opened = false;
        bool heard = false;  ///< an event or a bookmark
    };
    Task<void> list();
    Async<WatchEnd> watch();
    bool may_resume(WatchEnd const& end);

    Client& client_;
    Clock& clock_;
    Random& random_;
    ReflectorOptions options_;
    Mirror& mirror_;
    Backoff backoff_;
    std::string version_;     // of the copy; empty: list first
    int barren_watches_ = 0;  // failed in a row, and nothing heard
    std::optional<Error> last_error_;
    std::uint64_t lists_ = 0;
    std::uint64_t watches_ = 0;
};

}  // namespace vedette::kube
