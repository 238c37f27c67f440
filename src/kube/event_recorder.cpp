// A bounded queue and a few senders: one alone would tell a hundred a second if an answer takes ten milliseconds. What
// is told about one object is told in order, since a series counts in one Event. An Event's name is settled before it
// is sent, so sending it again after a lost answer creates nothing twice.

#include "kube/event_recorder.hpp"

#include "base/time_format.hpp"
#include "base/with_deadline.hpp"
#include "kube/client_errors.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::kube {
namespace {

namespace json = boost::json;

Resource events() {
    return {.group = "", .version = "v1", .plural = "events", .kind = "Event", .namespaced = true};
}

std::string object_key(ObjectReference const& about) {
    return fmt::format("{}/{}/{}/{}", about.kind, about.ns, about.name, about.uid);
}

std::string namespace_of(ObjectReference const& about) {
    return about.ns.empty() ? "default" : about.ns;
}

json::object involved(ObjectReference const& about) {
    json::object reference;
    auto const add = [&](char const* field, std::string const& value) {
        if (!value.empty()) reference[field] = value;
    };
    add("apiVersion", about.api_version);
    add("kind", about.kind);
    add("namespace", about.ns);
    add("name", about.name);
    add("uid", about.uid);
    add("resourceVersion", about.resource_version);
    add("fieldPath", about.field_path);
    return reference;
}

bool worth_another_try(Errc code) {
    return may_pass(code) || code == Errc::timed_out || code == Errc::unavailable || code == Errc::too_many_requests;
}

}  // namespace

EventRecorder::EventRecorder(asio::any_io_executor executor, Client& client, Clock& clock, EventRecorderOptions options)
    : client_(client.at(Priority::low)),
      clock_(clock),
      options_(std::move(options)),
      correlator_(options_.limits),
      changed_(executor, "an event to record"),
      senders_(executor) {}

void EventRecorder::normal(ObjectReference about, std::string reason, std::string message) {
    note({std::move(about), false, std::move(reason), std::move(message), clock_.wall()});
}

void EventRecorder::warning(ObjectReference about, std::string reason, std::string message) {
    note({std::move(about), true, std::move(reason), std::move(message), clock_.wall()});
}

void EventRecorder::note(Happening happening) {
    if (queue_.size() >= options_.queue) {
        ++dropped_;
        return;
    }
    queue_.push_back(std::move(happening));
    changed_.notify();
}

Async<void> EventRecorder::run() {
    under_way_.clear();  // an earlier run() may have been cancelled in the middle
    co_await senders_.stop_after(hand_out());
}

Async<void> EventRecorder::hand_out() {
    while (true) {
        if (auto next = take()) {
            under_way_.insert(object_key(next->about));
            senders_.spawn(deliver(std::move(*next)));
        } else {
            co_await changed_.wait();
        }
    }
}

// The first that may be sent now: there is a sender for it, and nothing under way about its object.
std::optional<Happening> EventRecorder::take() {
    if (under_way_.size() >= options_.senders) return std::nullopt;
    auto const found = std::ranges::find_if(
        queue_, [this](Happening const& each) { return !under_way_.contains(object_key(each.about)); });
    if (found == queue_.end()) return std::nullopt;
    auto next = std::move(*found);
    queue_.erase(found);
    return next;
}

Async<void> EventRecorder::deliver(Happening happening) {
    auto const key = object_key(happening.about);
    co_await send(std::move(happening));
    under_way_.erase(key);
    changed_.notify();
}

Task<void> EventRecorder::drained() {
    while (!under_way_.empty() || !queue_.empty()) co_await changed_.wait();
    co_return Result<void>{};
}

Task<void> EventRecorder::drain(Deadline deadline) {
    auto waited = co_await with_deadline(clock_, deadline, drained());
    if (!waited) co_return pass(waited, "send the recorded events");
    co_return Result<void>{};
}

Async<void> EventRecorder::send(Happening happening) {
    auto series = correlator_.correlate(happening);
    if (!series) {
        ++suppressed_;
        co_return;
    }
    for (int attempt = 1;; ++attempt) {
        auto written = co_await write(happening, *series);
        if (written || written.error().code() == Errc::already_exists) {
            ++sent_;
            co_return;
        }
        auto const code = written.error().code();
        last_error_ = std::move(written).error();
        if (code == Errc::not_found && series->count > 1) {
            // The Event has expired on the server: the series starts anew.
            correlator_.forget(series->key);
            series = correlator_.correlate(happening);
            if (!series) break;
        } else if (!worth_another_try(code)) {
            break;
        }
        if (attempt >= options_.attempts) break;
        if (code != Errc::not_found) co_await clock_.sleep_for(options_.retry, "recording an event again");
    }
    ++failed_;
    if (series && series->count == 1) correlator_.forget(series->key);
}

Task<Object> EventRecorder::write(Happening const& happening, Series const& series) {
    auto const ns = namespace_of(happening.about);
    auto const deadline = clock_.now() + options_.timeout;
    if (series.count == 1) {
        auto object = event_object(happening, series);
        co_return co_await client_.create(events(), ns, std::move(object), deadline);
    }
    json::value patch{
        {"count", series.count}, {"lastTimestamp", format_rfc3339(happening.when)}, {"message", series.message}};
    co_return co_await client_.patch(events(), ns, series.name, Patch::merge, std::move(patch), {}, deadline);
}

Object EventRecorder::event_object(Happening const& happening, Series const& series) const {
    return {{"apiVersion", "v1"},
            {"kind", "Event"},
            {"metadata", {{"name", series.name}, {"namespace", namespace_of(happening.about)}}},
            {"involvedObject", involved(happening.about)},
            {"reason", happening.reason},
            {"message", series.message},
            {"type", happening.warning ? "Warning" : "Normal"},
            {"source", {{"component", options_.component}}},
            {"firstTimestamp", format_rfc3339(series.first)},
            {"lastTimestamp", format_rfc3339(happening.when)},
            {"count", series.count},
            {"reportingComponent", options_.component},
            {"reportingInstance", options_.instance}};
}

}  // namespace vedette::kube
