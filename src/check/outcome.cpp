#include "check/outcome.hpp"

#include "base/duration.hpp"

#include <boost/unordered/unordered_flat_set.hpp>
#include <fmt/format.h>

#include <algorithm>

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

// Kubernetes' own sentences end in a full stop, which must not stand before our comma.
void add_time(std::string& sentence, Failure const& failure, WallTime now) {
    if (!failure.since || *failure.since > now || failure.timing == Timing::told) return;
    if (sentence.ends_with('.') && !sentence.ends_with("..")) sentence.pop_back();
    auto const age = format_age(now - *failure.since);
    sentence += failure.timing == Timing::lasts ? ", for " + age : ", " + age + " ago";
}

}  // namespace

void Findings::add(Finding const& finding) {
    ++found_;
    // Several containers of one pod are one failed object, and mostly found one after the other.
    Object const object{finding.kind, finding.ns, finding.name};
    if (objects_.empty() || objects_.back() != object) objects_.push_back(object);

    Rank const rank{-severity_of(finding.status), finding.since.value_or(WallTime::max()), finding.ns, finding.name,
                    finding.reason};
    auto const places = std::max(max_listed_, std::size_t{1});  // the sentence needs the first
    if (first_.size() == places) {
        auto const last = std::prev(first_.end());
        if (last->first <= rank) return;
        first_.erase(last);
    }
    Failure failure{.kind = std::string(finding.kind), .name = std::string(finding.name), .status = finding.status};
    if (!finding.ns.empty()) failure.ns = finding.ns;
    failure.reason = finding.reason;
    failure.message = finding.message();
    failure.since = finding.since;
    failure.timing = finding.timing;
    first_.emplace(rank, std::move(failure));
}

Outcome Findings::conclude(std::int64_t checked, std::string ok_message, WallTime now) && {
    Outcome outcome;
    outcome.checked = checked;
    if (found_ == 0) {
        outcome.status = Status::ok;
        outcome.reason = "Ok";
        outcome.message = std::move(ok_message);
        return outcome;
    }
    boost::unordered_flat_set<Object> const objects(objects_.begin(), objects_.end(), objects_.size());
    outcome.failed = static_cast<std::int64_t>(objects.size());
    outcome.failures_truncated = found_ > max_listed_;
    for (auto& [rank, failure] : first_) outcome.failures.push_back(std::move(failure));
    auto const& first = outcome.failures.front();
    outcome.status = first.status;
    outcome.reason = first.reason;
    outcome.message = fmt::format("{} {}", object_name(first), first.message);
    add_time(outcome.message, first, now);
    if (outcome.failed > 1) {
        fmt::format_to(std::back_inserter(outcome.message), "; {} more like it", outcome.failed - 1);
    }
    if (max_listed_ == 0) outcome.failures.clear();
    return outcome;
}

}  // namespace vedette::check
