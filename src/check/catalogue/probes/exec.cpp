// exec: a program's exit code is the verdict, as Nagios plug-ins have it: 0 ok, 1 warning, 2 critical, others unknown.
// The first line of output is the message; performance data after `|` become measurements.

#include "base/redact.hpp"
#include "check/catalogue/probes/probes.hpp"

#include <fmt/format.h>

#include <charconv>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"command", ParamKind::texts, "", "program and arguments; no shell"},
    {"env", ParamKind::object, "{}", "variables added to the environment"},
    {"directory", ParamKind::text, "\"\"", "working directory"},
    {"input", ParamKind::text, "\"\"", "standard input"},
};

std::string first_line(std::string_view text) {
    auto const end = text.find('\n');
    auto line = text.substr(0, end);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    return std::string(line.substr(0, 500));
}

// "time=0.05s;1;5 size=120B": https://nagios-plugins.org/doc/guidelines.html#AEN200
void add_performance_data(std::string_view text, Outcome& outcome) {
    while (!text.empty()) {
        auto const space = text.find(' ');
        auto const item = text.substr(0, space);
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
        auto const equals = item.find('=');
        if (equals == std::string_view::npos || equals == 0) continue;
        double number = 0;
        auto const value = item.substr(equals + 1);
        auto const parsed = std::from_chars(value.data(), value.data() + value.size(), number);
        if (parsed.ec != std::errc{}) continue;
        std::string name;
        for (char const c : item.substr(0, equals)) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
        outcome.measurements.emplace_back(std::move(name), number);
        if (outcome.measurements.size() == 64) return;
    }
}

Status status_of(Exit const& exit) {
    if (exit.signal != 0) return Status::critical;
    switch (exit.code) {
        case 0:
            return Status::ok;
        case 1:
            return Status::warning;
        case 2:
            return Status::critical;
        default:
            return Status::unknown;
    }
}

Outcome judge_exit(Exit const& exit, std::string const& program) {
    Outcome outcome;
    outcome.status = status_of(exit);
    outcome.reason = exit.signal ? "KilledBySignal" : fmt::format("ExitCode{}", exit.code);
    auto line = first_line(exit.output);
    if (auto const bar = line.find('|'); bar != std::string::npos) {
        add_performance_data(std::string_view(line).substr(bar + 1), outcome);
        line.erase(bar);
    }
    if (line.empty()) line = first_line(exit.errors);
    if (exit.signal) {
        outcome.message = fmt::format("{} was killed by signal {}", program, exit.signal);
    } else {
        outcome.message = line.empty() ? fmt::format("{} exited with code {}", program, exit.code) : redact(line);
    }
    outcome.checked = 1;
    outcome.failed = outcome.status == Status::ok ? 0 : 1;
    outcome.details["exit_code"] = exit.code;
    if (exit.truncated) outcome.details["output_truncated"] = true;
    return outcome;
}

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    Command command{.argv = params.texts("command")};
    if (command.argv.empty()) co_return Outcome::unknown("command is empty", "InvalidParameter");
    for (auto const& [name, value] : params.with.at("env").as_object()) {
        if (value.is_string()) command.env.emplace_back(name, value.get_string());
    }
    command.directory = params.text("directory");
    command.input = params.text("input");
    auto const program = command.argv.front();
    auto exit = co_await context.process.run(std::move(command), deadline);
    if (!exit) {
        if (exit.error().code() == Errc::timed_out) {
            co_return Outcome::timeout(fmt::format("{} was killed: it ran past its deadline", program));
        }
        co_return Outcome::unknown(redact(exit.error().text()), "NotStarted");
    }
    co_return judge_exit(*exit, program);
}

}  // namespace

CheckType const exec{
    .name = "exec",
    .group = "probes",
    .summary = "A program's exit code: 0 ok, 1 warning, 2 critical, else unknown",
    .explain =
        "Runs a Nagios-style plug-in in its own process group, which is killed as a whole at the deadline. The "
        "first line of its output is the message; performance data after | become measurements.",
    .timeout = std::chrono::seconds(10),
    .with = with,
    .probe = probe,
    .built_in = false,
    .needs_cluster = false,
};

}  // namespace vedette::check
