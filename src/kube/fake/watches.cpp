// A watcher has a queue of lines; reading waits for the first of: a line, the watch's end, the next bookmark, the
// reader's deadline. Timers exist only while somebody reads, so an abandoned watch keeps no virtual clock running.

#include "kube/fake/watches.hpp"

#include "kube/fake/metadata.hpp"

#include <fmt/format.h>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

constexpr Duration before_the_end = 2s;            // when the last bookmark comes
constexpr Duration servers_choice = 45min;         // between the real server's 30 and 60
constexpr std::size_t longest_piece = 64u * 1024;  // bytes given to one read

Snapshot at_version(Object object, Revision revision) {
    metadata_of(object)["resourceVersion"] = std::to_string(revision);
    return std::make_shared<json::object const>(std::move(object));
}

std::string line(std::string_view type, std::string_view object) {
    static constexpr std::string_view parts[]{R"({"type":")", R"(","object":)", "}\n"};
    std::string text;
    text.reserve(parts[0].size() + type.size() + parts[1].size() + object.size() + parts[2].size());
    return text.append(parts[0]).append(type).append(parts[1]).append(object).append(parts[2]);
}

std::string line(std::string_view type, json::object const& object) {
    return line(type, json::serialize(object));
}

json::object bookmark(Kind const& kind, Representation const& how, Revision revision) {
    json::object object{
        {"kind", kind.resource().kind},
        {"apiVersion", kind.resource().api_version()},
        {"metadata", json::object{{"resourceVersion", std::to_string(revision)}, {"creationTimestamp", nullptr}}}};
    if (how.form == Representation::Form::partial) return render(how, kind, object, {});
    return object;
}

}  // namespace

std::optional<Notice> notice_of(Change const& change, std::string_view ns, Selection const& selection) {
    if (!ns.empty() && change.key.ns != ns) return std::nullopt;
    bool const before = change.before && selection.matches(*change.before);
    bool const after = change.after && selection.matches(*change.after);
    if (after) return Notice{before ? "MODIFIED" : "ADDED", change.after};
    if (before) return Notice{"DELETED", at_version(*change.before, change.revision)};
    return std::nullopt;
}

class Watches::Watcher {
public:
    Watcher(Watches& owner, WatchQuery query)
        : owner_(owner),
          query_(std::move(query)),
          collection_(query_.kind.collection()),
          changed_(owner.executor_, "an event of a watch") {
        auto const now = owner_.clock_.now();
        end_ = now + (query_.timeout.count() > 0 ? query_.timeout : servers_choice);
        plan_bookmark(now);
        start();
        place_ = owner_.watchers_.insert(owner_.watchers_.end(), this);
    }

    ~Watcher() { owner_.watchers_.erase(place_); }
    Watcher(Watcher const&) = delete;
    Watcher& operator=(Watcher const&) = delete;

    void tell(Change const& change) {
        if (ended_ || change.key.collection != collection_) return;
        auto const notice = notice_of(change, query_.ns, query_.selection);
        if (!notice) return;
        push(*notice);
        changed_.notify();
    }

    Task<std::string> read(Deadline deadline) {
        while (true) {
            if (auto piece = take(); !piece.empty() || ended_) co_return piece;
            auto const now = owner_.clock_.now();
            if (now >= end_) {
                ended_ = true;
                co_return std::string();
            }
            if (query_.bookmarks && now >= next_bookmark_) {
                plan_bookmark(now);
                co_return line("BOOKMARK", bookmark(query_.kind, query_.how, owner_.store_.revision()));
            }
            if (now >= deadline) co_return fail(Errc::timed_out, "no event came in time");
            auto const wake = std::min({deadline, end_, query_.bookmarks ? next_bookmark_ : end_});
            ScopedTimer const timer(owner_.clock_, wake, [this] { changed_.notify(); });
            co_await changed_.wait();  // the loop looks for itself what has become due
        }
    }

private:
    void start() {
        bool const everything = query_.resource_version.empty() || query_.resource_version == "0";
        if (everything) {
            for (auto const& object : matching(owner_.store_, query_.kind, query_.ns, query_.selection)) {
                push({"ADDED", object});
            }
            return;
        }
        auto const from = parse_revision(query_.resource_version);
        auto const changes = owner_.store_.changes_after(collection_, from.value_or(0));
        if (!changes) {
            auto const why =
                fmt::format("too old resource version: {} ({})", query_.resource_version, owner_.store_.oldest());
            lines_.push_back(line("ERROR", expired(why).status()));
            ended_ = true;
            return;
        }
        for (auto const& change : *changes) {
            auto const notice = notice_of(change, query_.ns, query_.selection);
            if (notice && !ended_) push(*notice);
        }
    }

    void push(Notice const& notice) {
        auto const struck = [&](Fault::Kind kind) {
            return owner_.faults_.strike(kind, "WATCH", query_.path).has_value();
        };
        if (struck(Fault::Kind::lose_event) || struck(Fault::Kind::end_watch)) {
            ended_ = true;
            return;
        }
        int const copies = struck(Fault::Kind::duplicate_event) ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            lines_.push_back(text_of(notice));
        }
        // Too slow: what is queued still counts, and the reader must list or watch anew from there.
        if (lines_.size() > owner_.options_.watch_queue) {
            lines_.resize(owner_.options_.watch_queue);
            ended_ = true;
        }
    }

    std::string text_of(Notice const& notice) {
        if (query_.how.form == Representation::Form::whole) {
            return line(notice.type, owner_.store_.text_of(notice.object));
        }
        return line(notice.type, render(query_.how, query_.kind, *notice.object, owner_.clock_.wall()));
    }

    std::string take() {
        if (lines_.empty()) return {};
        auto piece = std::move(lines_.front());
        lines_.pop_front();
        while (!lines_.empty() && piece.size() < longest_piece) {
            piece += lines_.front();
            lines_.pop_front();
        }
        return piece;
    }

    void plan_bookmark(TimePoint now) {
        next_bookmark_ = now + owner_.options_.bookmark_interval;
        if (auto const last = end_ - before_the_end; last > now) next_bookmark_ = std::min(next_bookmark_, last);
    }

    Watches& owner_;
    WatchQuery query_;
    std::string collection_;
    Event changed_;
    std::deque<std::string> lines_;
    TimePoint end_{};
    TimePoint next_bookmark_{};
    bool ended_ = false;
    std::list<Watcher*>::iterator place_;
};

class Watches::WatchBody final : public net::Body {
public:
    WatchBody(Watches& owner, WatchQuery query) : watcher_(owner, std::move(query)) {}
    Task<std::string> read(Deadline deadline) override { return watcher_.read(deadline); }

private:
    Watcher watcher_;
};

Watches::Watches(asio::any_io_executor executor, Clock& clock, Store& store, Faults& faults, Options const& options)
    : executor_(std::move(executor)), clock_(clock), store_(store), faults_(faults), options_(options) {}

Watches::~Watches() = default;

std::unique_ptr<net::Body> Watches::open(WatchQuery query) {
    return std::make_unique<WatchBody>(*this, std::move(query));
}

void Watches::tell(Change const& change) {
    for (auto* watcher : watchers_) watcher->tell(change);
}

}  // namespace vedette::kube::fake
