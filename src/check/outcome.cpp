#include "check/outcome.hpp"

#include "base/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <tuple>
#include <unordered_set>

namespace vedette::check {

std::string_view to_string(Status status) {
    switch (status) {
        case Status::ok:
            return "ok";
        case Status::warning:
            return "warning";
        case Status::critical:
            return "critical";
        case Status::unknown:
            return "unknown";
        case Status::timeout:
            return "timeout";
        case Status::skipped:
            return "skipped";
    }
    return "unknown";
}

int severity_of(Status status) {
    switch (status) {
        case Status::critical:
            return 5;
        case Status::timeout:
            return 4;
        case Status::unknown:
            return 3;
        case Status::warning:
            return 2;
        case Status::ok:
            return 1;
        case Status::skipped:
            return 0;
    }
    return 3;
}

Status worse(Status a, Status b) {
    return severity_of(a) >= severity_of(b) ? a : b;
}

bool is_healthy(Status status) {
    return severity_of(status) <= severity_of(Status::warning);
}

std::string object_name(Failure const& failure) {
    if (failure.ns) return fmt::format("{} {}/{}", failure.kind, *failure.ns, failure.name);
    return fmt::format("{} {}", failure.kind, failure.name);
}

namespace {

Outcome plain(Status status, std::string message, std::string reason) {
    Outcome outcome;
    outcome.status = status;
    outcome.message = std::move(message);
    outcome.reason = std::move(reason);
    return outcome;
}

}  // namespace

Outcome Outcome::ok(std::string message, std::string reason) {
    return plain(Status::ok, std::move(message), std::move(reason));
}
Outcome Outcome::warning(std::string message, std::string reason) {
    return plain(Status::warning, std::move(message), std::move(reason));
}
Outcome Outcome::critical(std::string message, std::string reason) {
    return plain(Status::critical, std::move(message), std::move(reason));
}
Outcome Outcome::unknown(std::string message, std::string reason) {
    return plain(Status::unknown, std::move(message), std::move(reason));
}
Outcome Outcome::timeout(std::string message) {
    return plain(Status::timeout, std::move(message), "DeadlineExceeded");
}
Outcome Outcome::skipped(std::string message, std::string reason) {
    return plain(Status::skipped, std::move(message), std::move(reason));
}

namespace {

bool goes_first(Failure const& a, Failure const& b) {
    auto const key = [](Failure const& f) {
        return std::tuple(-severity_of(f.status), f.since.value_or(WallTime::max()),
                          f.ns ? std::string_view(*f.ns) : std::string_view(), std::string_view(f.name),
                          std::string_view(f.reason));
    };
    return key(a) < key(b);
}

// Kubernetes' own sentences end in a full stop, which must not stand before our comma.
void add_time(std::string& sentence, Failure const& failure, WallTime now) {
    if (!failure.since || *failure.since > now || failure.timing == Timing::told) return;
    if (sentence.ends_with('.') && !sentence.ends_with("..")) sentence.pop_back();
    auto const age = format_age(now - *failure.since);
    sentence += failure.timing == Timing::lasts ? ", for " + age : ", " + age + " ago";
}

struct SameObject {
    static std::string_view ns(Failure const& f) { return f.ns ? std::string_view(*f.ns) : std::string_view(); }

    std::size_t operator()(Failure const* f) const {
        std::hash<std::string_view> const hash;
        return (hash(f->name) * 31 + hash(ns(*f))) * 31 + hash(f->kind);
    }
    bool operator()(Failure const* a, Failure const* b) const {
        return a->name == b->name && ns(*a) == ns(*b) && a->kind == b->kind;
    }
};

// Several containers of one pod are one failed object.
std::int64_t distinct_objects(std::vector<Failure> const& failures) {
    std::unordered_set<Failure const*, SameObject, SameObject> objects(failures.size());
    for (auto const& failure : failures) objects.insert(&failure);
    return static_cast<std::int64_t>(objects.size());
}

// The first `count`, in order. Ten thousand failures may be found and twenty listed: the others are never sorted.
std::vector<Failure> take_first(std::vector<Failure> failures, std::size_t count) {
    std::vector<Failure*> order;
    order.reserve(failures.size());
    for (auto& failure : failures) order.push_back(&failure);
    auto const end = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
    std::partial_sort(order.begin(), end, order.end(), [](auto const* a, auto const* b) { return goes_first(*a, *b); });
    std::vector<Failure> first;
    first.reserve(static_cast<std::size_t>(end - order.begin()));
    std::transform(order.begin(), end, std::back_inserter(first), [](auto* failure) { return std::move(*failure); });
    return first;
}

}  // namespace

Outcome Findings::conclude(std::int64_t checked, std::string ok_message, std::size_t max_listed, WallTime now) && {
    Outcome outcome;
    outcome.checked = checked;
    if (failures_.empty()) {
        outcome.status = Status::ok;
        outcome.reason = "Ok";
        outcome.message = std::move(ok_message);
        return outcome;
    }
    outcome.failed = distinct_objects(failures_);
    outcome.failures_truncated = failures_.size() > max_listed;
    outcome.failures = take_first(std::move(failures_), std::max(max_listed, std::size_t{1}));
    auto const& first = outcome.failures.front();
    outcome.status = first.status;
    outcome.reason = first.reason;
    outcome.message = fmt::format("{} {}", object_name(first), first.message);
    add_time(outcome.message, first, now);
    if (outcome.failed > 1) {
        fmt::format_to(std::back_inserter(outcome.message), "; {} more like it", outcome.failed - 1);
    }
    if (max_listed == 0) outcome.failures.clear();
    return outcome;
}

}  // namespace vedette::check
