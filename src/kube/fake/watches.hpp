#pragma once
// Watches: what each watcher hears of a change, and the bodies it is read from.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

#include "base/event.hpp"
#include "kube/fake/faults.hpp"
#include "kube/fake/render.hpp"

#include <list>

namespace vedette::kube::fake {

struct WatchQuery {
    Kind kind;
    std::string ns;  ///< empty: all namespaces
    Selection selection{};
    Representation how{};
    std::string resource_version{};
    bool bookmarks = false;
    Duration timeout{};  ///< 0: the server's choice
    std::string path{};  ///< for faults
};

/// What a watcher is told: nothing when neither the state before nor the one after concerns it.
struct Notice {
    std::string_view type;  ///< "ADDED", "MODIFIED", "DELETED"
    Snapshot object;        ///< a deleted one: its last state, with the version of its end
};
std::optional<Notice> notice_of(Change const& change, std::string_view ns, Selection const& selection);

/// Threads: one reactor. Lifetime: outlives the bodies it handed out.
class Watches {
public:
    Watches(asio::any_io_executor executor, Clock& clock, Store& store, Faults& faults, Options const& options);
    ~Watches();

    /// A watch always opens; what is wrong with its version comes as an ERROR event, as from the real server.
    std::unique_ptr<net::Body> open(WatchQuery query);
    void tell(Change const& change);
    std::size_t open() const { return watchers_.size(); }

private:
    class Watcher;
    class WatchBody;

    asio::any_io_executor executor_;
    Clock& clock_;
    Store& store_;
    Faults& faults_;
    Options const& options_;
    std::list<Watcher*> watchers_;  // in order of opening
};

}  // namespace vedette::kube::fake
