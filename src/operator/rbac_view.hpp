#pragma once
// RbacView: which RBAC objects exist, known without asking as far as possible. Objects with the managed-by label are
// watched, in five informers; of others, and where the operator may not list, an answer counts for a while.
//
// What it costs: five watches and a few hundred bytes an object; no request for a labelled object that is as it was.

#include "kube/informer.hpp"
#include "operator/rbac_plan.hpp"

namespace vedette::op {

struct RbacViewOptions {
    Duration answer_lifetime = std::chrono::minutes(10);  ///< of a GET, where nothing tells of changes
    Duration absence_lifetime = std::chrono::minutes(1);  ///< of "it does not exist"
    Duration watch_lag = std::chrono::seconds(30);        ///< for how long our own answer is newer than the watch
};

/// Threads: one reactor. Lifetime: `client`, `clock` and `random` outlive it.
class RbacView {
public:
    /// `changed` hears the account of each labelled object that was added, changed or deleted, by us or anybody.
    RbacView(asio::any_io_executor executor, kube::Client& client, Clock& clock, Random& random,
             RbacViewOptions options, std::function<void(std::string const& account)> changed);

    /// Watches until cancelled.
    Async<void> run();
    /// Whether each first list has come or failed.
    bool listed() const { return listed_; }
    /// Returns once it has. Waits for ever where nobody runs run().
    Task<void> first_lists();

    enum class Presence {
        unknown,
        doubted,  ///< a write told that what we know is wrong: ask
        absent,
        there,
    };
    struct Known {
        Presence presence = Presence::unknown;
        FoundRbac const* found = nullptr;  ///< until the next await
    };
    Known known(RbacKey const& key) const;
    /// Until when known() stays true by itself; no_deadline where a watch tells of changes.
    TimePoint valid_until(RbacKey const& key) const;
    /// Whether all labelled objects of this kind are known.
    bool watches(std::string_view kind) const;
    /// Labelled objects of an account.
    std::vector<RbacKey> labelled(std::string const& account) const;

    /// Asks the API server. Absent is an answer. Errors: the client's.
    Task<void> ask(RbacKey key, Deadline deadline);
    /// What a write of ours was answered with.
    void wrote(RbacKey const& key, kube::Object const& object);
    void removed(RbacKey const& key, std::string uid);
    /// What is known of it is wrong.
    void doubt(RbacKey const& key);

private:
    using Informer = kube::Informer<FoundRbac>;
    struct Answer {
        std::optional<FoundRbac> found;
        std::string uid;  ///< of what was removed
        TimePoint until;
        bool doubted = false;
    };

    Informer const& informer(std::string_view kind) const;
    FoundRbac const* watched(RbacKey const& key) const;
    Answer const* answer(RbacKey const& key) const;
    void put(RbacKey const& key, Answer answer);
    void heard(FoundRbac const& now);
    void heard_deletion(FoundRbac const& last);
    void tell(FoundRbac const& object);
    Async<void> notice_first_lists();

    asio::any_io_executor executor_;
    kube::Client& client_;
    Clock& clock_;
    RbacViewOptions options_;
    std::function<void(std::string const&)> changed_;
    std::vector<std::unique_ptr<Informer>> informers_;  // as rbac_resources()
    std::map<RbacKey, Answer> answers_;
    Event first_lists_;
    bool listed_ = false;
};

}  // namespace vedette::op
