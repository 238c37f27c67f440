// Worst first. Each unhealthy check is followed by the objects that made it so, because those are what the reader
// goes to next.

#include "cli/table_output.hpp"

#include "base/duration.hpp"
#include "base/text_table.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace vedette::cli {
namespace {

constexpr std::size_t objects_shown = 5;

std::string_view colour_of(check::Status status) {
    switch (status) {
        case check::Status::critical:
        case check::Status::timeout:
            return "\x1b[31m";
        case check::Status::unknown:
            return "\x1b[35m";
        case check::Status::warning:
            return "\x1b[33m";
        case check::Status::ok:
            return "\x1b[32m";
        case check::Status::skipped:
            return "\x1b[2m";
    }
    return "";
}

std::string style(TableOptions const& options, std::string_view code) {
    return options.colour ? std::string(code) : std::string();
}

std::string duration_text(check::CheckReport const& check) {
    if (!check.started_at) return "-";
    auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(check.duration);
    return fmt::format("{}ms", ms.count());
}

std::vector<check::CheckReport const*> worst_first(check::RunReport const& report) {
    std::vector<check::CheckReport const*> order;
    for (auto const& check : report.checks) order.push_back(&check);
    // Pointers into one vector: equal severities keep the order of the suite.
    std::sort(order.begin(), order.end(), [](auto const* a, auto const* b) {
        auto const key = [](auto const* check) { return std::pair(-check::severity_of(check->outcome.status), check); };
        return key(a) < key(b);
    });
    return order;
}

TextTable::Cell since_cell(check::Failure const& failure, WallTime now) {
    if (!failure.since) return "";
    return TextTable::Cell(format_age(now - *failure.since));
}

// When the API server cannot be reached, every reader says so; once is enough.
bool repeats_the_cause(check::CheckReport const& check, check::RunReport const& report) {
    constexpr std::array<std::string_view, 5> reasons{"ReadFailed", "Unreachable", "NoAnswer", "Unauthorized",
                                                      "NotKubernetes"};
    auto const& outcome = check.outcome;
    bool const unread =
        outcome.status == check::Status::unknown && std::ranges::find(reasons, outcome.reason) != reasons.end();
    bool const waited = outcome.status == check::Status::timeout && outcome.reason == "ListMissing";
    if (!unread && !waited) return false;
    for (auto const& other : report.checks) {
        if (other.identity.type == "apiserver-livez" && other.outcome.status == check::Status::critical) return true;
    }
    return false;
}

std::string summary_of(check::RunReport const& report) {
    auto const counts = report.counts();
    std::string text;
    for (auto const status : {check::Status::critical, check::Status::timeout, check::Status::unknown,
                              check::Status::warning, check::Status::ok, check::Status::skipped}) {
        auto const found = counts.find(status);
        if (found == counts.end()) continue;
        fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ", found->second,
                       check::to_string(status));
    }
    return text.empty() ? "no checks" : text;
}

}  // namespace

std::string table_text(check::RunReport const& report, TableOptions const& options) {
    auto const now = report.finished_at;
    TextTable table({{"STATUS"}, {"CHECK"}, {"TIME", TextTable::Align::right}, {"MESSAGE"}});
    std::size_t hidden = 0;
    for (auto const* check : worst_first(report)) {
        if (repeats_the_cause(*check, report)) {
            ++hidden;
            continue;
        }
        table.add_row(
            {{std::string(check::to_string(check->outcome.status)), style(options, colour_of(check->outcome.status))},
             check->identity.name,
             duration_text(*check),
             check->outcome.message});
    }
    std::string text = table.render({.width = options.width, .title_style = style(options, "\x1b[1m")});
    if (hidden > 0) {
        fmt::format_to(std::back_inserter(text), "and      {} more checks could not be done for the same reason\n",
                       hidden);
    }

    TextTable objects({{"WHAT"}, {"SINCE", TextTable::Align::right}, {"REASON"}, {"WHY"}});
    for (auto const* check : worst_first(report)) {
        auto const& failures = check->outcome.failures;
        for (std::size_t i = 0; i < std::min(failures.size(), objects_shown); ++i) {
            objects.add_row({{object_name(failures[i]), style(options, colour_of(failures[i].status))},
                             since_cell(failures[i], now),
                             failures[i].reason,
                             failures[i].message});
        }
        auto const more = static_cast<std::size_t>(check->outcome.failed) > objects_shown
                              ? static_cast<std::size_t>(check->outcome.failed) - objects_shown
                              : 0;
        if (more > 0) objects.add_row({fmt::format("... {} more in {}", more, check->identity.name)});
    }
    if (!objects.empty()) {
        text += "\n";
        text += objects.render({.width = options.width, .title_style = style(options, "\x1b[1m")});
    }
    auto const where = report.server.empty() ? std::string() : fmt::format(" on {}", report.server);
    auto const context = report.context.empty() ? std::string() : fmt::format(" ({})", report.context);
    fmt::format_to(std::back_inserter(text), "\n{}{}{}{}: {} in {:.2f} s\n", style(options, colour_of(report.status)),
                   report.healthy() ? "healthy" : "NOT HEALTHY", style(options, "\x1b[0m"), where + context,
                   summary_of(report), static_cast<double>(report.duration.count()) / 1e9);
    if (!report.healthy()) {
        text +=
            "Next: `vedette checks explain NAME` says what a check means and what to do; -o json has every detail.\n";
    }
    return text;
}

}  // namespace vedette::cli
