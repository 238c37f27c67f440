#pragma once
// Informer<T>: an up-to-date copy of a resource, reduced to what its owner needs of each object, with handlers that
// hear every difference once.

#include "base/ensure.hpp"
#include "base/event.hpp"
#include "base/task_group.hpp"
#include "base/with_deadline.hpp"
#include "kube/reflector.hpp"

#include <map>
#include <set>

namespace vedette::kube {

/// What identifies one state of one object.
struct ObjectKey {
    std::string key;  ///< "shop/web-1", "n1": namespace and name
    std::string uid;
    std::string resource_version;
};
ObjectKey key_of(Object const& object);

/// Called in the step that changes the store, after the change: they note what to do (a WorkQueue) and return.
/// They must not throw and not add handlers. `last`: as the deletion told the object where a watch told it, else as it
/// was known.
template <class T>
struct Handlers {
    std::function<void(std::string const& key, T const& now)> added;
    std::function<void(std::string const& key, T const& before, T const& now)> updated;
    std::function<void(std::string const& key, T const& last)> deleted;
};

/// An object that was deleted and created anew is deleted, then added; one whose resourceVersion stayed the same tells
/// nobody. A disconnect loses and repeats nothing: what happened meanwhile comes as differences.
///
/// Threads: one reactor. Lifetime: outlives run(); client, clock and random outlive it. References into the store end
/// with the next await.
template <class T>
class Informer final : private Mirror {
public:
    /// Nothing: the object does not concern us (and is gone from the store if it was there).
    using Decode = std::function<std::optional<T>(Object const& object)>;
    using IndexFunction = std::function<std::vector<std::string>(T const& value)>;

    Informer(asio::any_io_executor executor, Client& client, Clock& clock, Random& random, ReflectorOptions options,
             Decode decode)
        : executor_(executor),
          clock_(clock),
          decode_(std::move(decode)),
          synced_changed_(executor, "an informer's list"),
          doubted_(executor, "a doubt about an informer's copy"),
          reflector_(client, clock, random, std::move(options), *this) {}

    /// Before or after run(): what is already there is told as added.
    void add_handlers(Handlers<T> handlers) {
        for (auto const& [key, entry] : store_) {
            if (handlers.added) handlers.added(key, entry.value);
        }
        handlers_.push_back(std::move(handlers));
    }
    void add_index(std::string name, IndexFunction function) {
        ensure(!indexes_.contains(name), "an index is added once");
        auto& index = indexes_[std::move(name)];
        index.function = std::move(function);
        for (auto const& [key, entry] : store_) index.insert(key, entry.value);
    }

    /// Keeps the copy up to date until cancelled.
    Async<void> run() {
        while (true) {
            TaskGroup reflecting(executor_);
            reflecting.spawn(reflector_.run());
            co_await reflecting.stop_after(wait_doubted());
            reflector_.forget_version();
        }
    }

    /// Whether the store has held everything once.
    bool synced() const { return synced_; }
    /// When a list was last stored; nothing before the first.
    std::optional<TimePoint> stored_at() const { return synced_ ? std::optional(stored_at_) : std::nullopt; }
    /// Errors: timed_out, with the reason why no list came through.
    Task<void> wait_until_synced(Deadline deadline) {
        auto waited = co_await with_deadline(clock_, deadline, wait_synced());
        if (waited) co_return Result<void>{};
        auto const& why = reflector_.last_error();
        co_return fail(waited.error().code(), "wait for the first list: {}", why ? why->text() : waited.error().text());
    }

    /// Makes the store hold whatever was written before `then`: a watch may be half dead, or the server's cache behind,
    /// without anybody noticing. A store that stems from a list begun at `then` or later is believed; else the watch is
    /// dropped and everything is listed anew. Differences are told as ever. While run() runs.
    /// Errors: timed_out, with the reason why no list came through.
    Task<void> catch_up(TimePoint then, Deadline deadline) {
        if (synced_ && stored_from_ >= then) co_return Result<void>{};
        if (list_began_ < then) {
            doubts_ = true;
            doubted_.notify();
        }
        auto waited = co_await with_deadline(clock_, deadline, wait_stored_from(then));
        if (waited) co_return Result<void>{};
        auto const& why = reflector_.last_error();
        co_return fail(waited.error().code(), "wait for a new list: {}", why ? why->text() : waited.error().text());
    }

    T const* find(std::string_view key) const {
        auto const found = store_.find(key);
        return found == store_.end() ? nullptr : &found->second.value;
    }
    /// In the order of keys.
    void for_each(std::function<void(std::string const& key, T const& value)> const& visit) const {
        for (auto const& [key, entry] : store_) visit(key, entry.value);
    }
    std::vector<T const*> by_index(std::string_view index, std::string_view value) const {
        std::vector<T const*> found;
        auto const named = indexes_.find(index);
        ensure(named != indexes_.end(), "an index is added before it is asked");
        auto const keys = named->second.keys.find(value);
        if (keys == named->second.keys.end()) return found;
        for (auto const& key : keys->second) found.push_back(&store_.find(key)->second.value);
        return found;
    }
    std::size_t size() const { return store_.size(); }
    /// Differences of a list are being told, not events of a watch: what is deleted now was missing in it.
    bool relisting() const { return relisting_; }
    Reflector const& reflector() const { return reflector_; }

private:
    struct Entry {
        T value;
        std::string uid;
        std::string resource_version;
    };

    struct Index {
        IndexFunction function;
        std::map<std::string, std::set<std::string>, std::less<>> keys;

        void insert(std::string const& key, T const& value) {
            for (auto& word : function(value)) keys[std::move(word)].insert(key);
        }
        void erase(std::string const& key, T const& value) {
            for (auto const& word : function(value)) {
                auto const found = keys.find(word);
                if (found == keys.end()) continue;
                found->second.erase(key);
                if (found->second.empty()) keys.erase(found);
            }
        }
    };

    static constexpr std::size_t differences_in_a_step = 256;

    Task<void> wait_synced() {
        while (!synced_) co_await synced_changed_.wait();
        co_return Result<void>{};
    }

    Task<void> wait_stored_from(TimePoint then) {
        while (!synced_ || stored_from_ < then) co_await synced_changed_.wait();
        co_return Result<void>{};
    }

    Async<void> wait_doubted() {
        while (!std::exchange(doubts_, false)) co_await doubted_.wait();
    }

    void list_starts() override {
        listed_.clear();
        list_began_ = clock_.now();
    }

    void listed(Object object) override {
        auto id = key_of(object);
        auto value = decode_(object);
        if (!value) return;
        listed_.insert_or_assign(std::move(id.key),
                                 Entry{std::move(*value), std::move(id.uid), std::move(id.resource_version)});
    }

    Async<void> list_is_complete() override {
        relisting_ = true;
        // Keys, not iterators: others read the store, but nobody else writes it, while we give way.
        std::vector<std::string> lost;
        for (auto const& [key, entry] : store_) {
            if (!listed_.contains(key)) lost.push_back(key);
        }
        std::size_t steps = 0;
        for (auto const& key : lost) {
            erase(key);
            if (++steps % differences_in_a_step == 0) co_await asio::post(asio::use_awaitable);
        }
        while (!listed_.empty()) {
            auto node = listed_.extract(listed_.begin());
            put(node.key(), std::move(node.mapped()));
            if (++steps % differences_in_a_step == 0) co_await asio::post(asio::use_awaitable);
        }
        relisting_ = false;
        stored_from_ = list_began_;
        stored_at_ = clock_.now();
        synced_ = true;
        synced_changed_.notify();
    }

    void changed(WatchEvent event) override {
        auto id = key_of(event.object);
        auto value = decode_(event.object);
        if (!value) return erase(id.key);
        if (event.kind == WatchEvent::Kind::deleted)
            return erase(id.key, Entry{std::move(*value), std::move(id.uid), {}});
        put(id.key, Entry{std::move(*value), std::move(id.uid), std::move(id.resource_version)});
    }

    void put(std::string const& key, Entry entry) {
        auto found = store_.find(key);
        if (found != store_.end() && found->second.uid != entry.uid) {
            erase(key);
            found = store_.end();
        }
        if (found == store_.end()) {
            auto const& added = store_.emplace(key, std::move(entry)).first->second.value;
            for (auto& [name, index] : indexes_) index.insert(key, added);
            for (auto const& handlers : handlers_) {
                if (handlers.added) handlers.added(key, added);
            }
            return;
        }
        if (found->second.resource_version == entry.resource_version) return;
        for (auto& [name, index] : indexes_) index.erase(key, found->second.value);
        auto const before = std::exchange(found->second, std::move(entry));
        for (auto& [name, index] : indexes_) index.insert(key, found->second.value);
        for (auto const& handlers : handlers_) {
            if (handlers.updated) handlers.updated(key, before.value, found->second.value);
        }
    }

    void erase(std::string const& key, std::optional<Entry> const& told = {}) {
        auto const node = store_.extract(key);
        if (!node) return;
        auto const& known = node.mapped();
        for (auto& [name, index] : indexes_) index.erase(key, known.value);
        auto const& last = told && told->uid == known.uid ? told->value : known.value;
        for (auto const& handlers : handlers_) {
            if (handlers.deleted) handlers.deleted(key, last);
        }
    }

    asio::any_io_executor executor_;
    Clock& clock_;
    Decode decode_;
    std::map<std::string, Entry, std::less<>> store_;
    std::map<std::string, Entry, std::less<>> listed_;  // the list that is being read
    std::map<std::string, Index, std::less<>> indexes_;
    std::vector<Handlers<T>> handlers_;
    Event synced_changed_;
    Event doubted_;
    bool doubts_ = false;
    TimePoint list_began_{};   // the last one
    TimePoint stored_from_{};  // of the list that the store stems from, its begin
    TimePoint stored_at_{};    // ... and its end
    bool synced_ = false;
    bool relisting_ = false;
    Reflector reflector_;
};

}  // namespace vedette::kube
