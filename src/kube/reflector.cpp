// The version moves only after the mirror has heard the event that carries it: whatever cuts a watch, the next one
// resumes exactly behind the last event that was taken in.

#include "kube/reflector.hpp"

#include "base/json.hpp"

namespace vedette::kube {
namespace {

constexpr Duration healthy_after = 2min;  // an attempt that lasted this long starts the backoff anew
constexpr Duration watch_grace = 10s;     // beyond the time at which the server should have ended the watch
constexpr Duration watch_opens_within = 30s;
constexpr int barren_watches_limit = 5;

// Whether the version (or the server's idea of it) cannot be resumed from.
bool must_list_again(Errc code) {
    switch (code) {
        case Errc::gone:
        case Errc::malformed:
        case Errc::too_large:
        case Errc::rejected:
        case Errc::unsupported:
        case Errc::not_found:
            return true;
        default:
            return false;
    }
}

}  // namespace

Reflector::Reflector(Client& client, Clock& clock, Random& random, ReflectorOptions options, Mirror& mirror)
    : client_(client),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      mirror_(mirror),
      backoff_(random, options_.first_backoff, options_.longest_backoff) {
    for (auto const* path : {"metadata.name", "metadata.namespace", "metadata.uid", "metadata.resourceVersion"}) {
        options_.projection.add(path);
    }
}

Async<void> Reflector::run() {
    while (true) {
        auto const started = clock_.now();
        bool resumable = false;
        bool heard = false;
        if (version_.empty()) {
            auto listed = co_await list();
            last_error_ = listed ? std::nullopt : std::optional(listed.error());
        }
        if (!version_.empty()) {
            auto const end = co_await watch();
            resumable = may_resume(end);
            heard = end.heard;
            last_error_ = end.error;
            if (!resumable) version_.clear();
        }
        if ((resumable && heard) || clock_.now() - started >= healthy_after) backoff_.reset();
        co_await clock_.sleep_for(backoff_.next(), "listing or watching again");
    }
}

// A failure counts against the version when the server had a say in it: it answered and broke off, or answered 5xx.
bool Reflector::may_resume(WatchEnd const& end) {
    bool const barren = end.error && !end.heard && (end.opened || end.error->code() == Errc::unavailable);
    if (end.heard || !end.error) barren_watches_ = 0;
    if (barren) ++barren_watches_;
    if (barren_watches_ < barren_watches_limit) return !end.error || !must_list_again(end.error->code());
    barren_watches_ = 0;
    return false;
}

Task<void> Reflector::list() {
    ++lists_;
    mirror_.list_starts();
    ListOptions options{.label_selector = options_.label_selector,
                        .field_selector = options_.field_selector,
                        .limit = options_.page_size,
                        .metadata_only = options_.metadata_only};
    auto end = co_await client_.list(
        options_.resource, options_.ns, options, options_.projection,
        [this](Object object) { mirror_.listed(std::move(object)); }, [this] { mirror_.list_starts(); },
        clock_.now() + options_.list_timeout);
    if (!end) co_return pass(end);
    if (end->resource_version.empty()) {
        co_return fail(Errc::malformed, "list {}: a list without a resourceVersion", options_.resource.qualified());
    }
    co_await mirror_.list_is_complete();
    version_ = end->resource_version;
    co_return Result<void>{};
}

Async<Reflector::WatchEnd> Reflector::watch() {
    ++watches_;
    auto const shortest = std::chrono::ceil<std::chrono::seconds>(options_.shortest_watch).count();
    auto const seconds = shortest + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(shortest) + 1));
    WatchOptions options{.label_selector = options_.label_selector,
                         .field_selector = options_.field_selector,
                         .resource_version = version_,
                         .timeout_seconds = seconds,
                         .metadata_only = options_.metadata_only};
    WatchEnd end;
    auto opened = co_await client_.watch(options_.resource, options_.ns, options, clock_.now() + watch_opens_within);
    if (!opened) {
        end.error = opened.error();
        co_return end;
    }
    end.opened = true;
    last_error_.reset();
    auto watch = std::move(*opened);
    auto const deadline = clock_.now() + std::chrono::seconds(seconds) + watch_grace;
    while (true) {
        auto event = co_await watch.next(deadline);
        if (!event) {
            end.error = event.error();
            co_return end;
        }
        if (!event->has_value()) co_return end;
        auto& taken = **event;
        auto version = get_string(taken.object, "metadata.resourceVersion");
        if (version.empty()) {
            end.error = Error(Errc::malformed, fmt::format("watch {}: an event without a resourceVersion",
                                                           options_.resource.qualified()));
            co_return end;
        }
        end.heard = true;
        if (taken.kind != WatchEvent::Kind::bookmark) {
            if (!options_.projection.keeps_all()) {
                auto kept = options_.projection.apply(std::move(taken.object));
                taken.object = std::move(kept.get_object());
            }
            mirror_.changed(std::move(taken));
        }
        version_ = std::move(version);
    }
}

}  // namespace vedette::kube
