// exec: a program's exit code is the verdict, as Nagios plug-ins have it: 0 ok, 1 warning, 2 critical, others unknown.
// The first line of output is the message; performance data after `|` become measurements.

#include "base/redact.hpp"
#include "check/catalogue/probes/printable.hpp"
#include "check/catalogue/probes/probes.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"command", ParamKind::texts, "", "program and arguments; no shell"},
    {"env", ParamKind::object, "{}", "variables added to the environment"},
    {"inherit_env", ParamKind::flag, "true", "false: the program sees the variables under env and no others"},
    {"directory", ParamKind::text, "\"\"", "working directory"},
    {"input", ParamKind::text, "\"\"", "standard input"},
};

std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

std::string sentence(std::string_view line) {
    auto const end = line.find_last_not_of(" \r\t");
    return redact(printable(line.substr(0, end == std::string_view::npos ? 0 : end + 1)));
}

// Takes "label=" off the front; the label may be in single quotes and then hold blanks.
std::string_view take_label(std::string_view& text) {
    bool const quoted = text.starts_with('\'');
    auto const end = quoted ? text.find("'=", 1) : text.find_first_of("= ");
    if (end == std::string_view::npos || text[end] == ' ') {
        text.remove_prefix(std::min(end, text.size()));
        return {};
    }
    auto const label = quoted ? text.substr(1, end - 1) : text.substr(0, end);
    text.remove_prefix(end + (quoted ? 2 : 1));
    return label;
}

std::string measurement_name(std::string_view label, std::string_view unit) {
    constexpr std::pair<std::string_view, std::string_view> units[] = {
        {"s", "_seconds"}, {"ms", "_ms"}, {"us", "_us"}, {"%", "_percent"}, {"B", "_bytes"}};
    std::string name;
    for (char const c : label) {
        bool const digit = c >= '0' && c <= '9';
        char const lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        name += digit || (lower >= 'a' && lower <= 'z') ? lower : '_';
    }
    for (auto const& [word, suffix] : units) {
        if (word == unit && !name.ends_with(suffix)) name += suffix;
    }
    return name;
}

// "time=0.05s;1;5 'free space'=120B": https://nagios-plugins.org/doc/guidelines.html#AEN200
void add_performance_data(std::string_view text, Outcome& outcome) {
    while (outcome.measurements.size() < 64) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty()) return;
        auto const label = take_label(text);
        auto const value = text.substr(0, text.find(' '));
        text.remove_prefix(value.size());
        double number = 0;
        auto const parsed = std::from_chars(value.data(), value.data() + value.size(), number);
        if (label.empty() || parsed.ec != std::errc{} || !std::isfinite(number)) continue;
        auto const rest = value.substr(static_cast<std::size_t>(parsed.ptr - value.data()));
        outcome.measurements.emplace_back(measurement_name(label, rest.substr(0, rest.find(';'))), number);
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
    auto const printed = first_line(exit.output);
    auto const bar = printed.find('|');
    if (bar != std::string_view::npos) add_performance_data(printed.substr(bar + 1), outcome);
    auto line = sentence(printed.substr(0, bar));
    if (line.empty()) line = sentence(first_line(exit.errors));
    if (exit.signal) {
        outcome.message = fmt::format("{} was killed by signal {}", program, exit.signal);
    } else {
        outcome.message = line.empty() ? fmt::format("{} exited with code {}", program, exit.code) : line;
    }
    outcome.checked = 1;
    outcome.failed = outcome.status == Status::warning || outcome.status == Status::critical ? 1 : 0;
    outcome.details["exit_code"] = exit.code;
    outcome.details["stdout"] = redact(printable(exit.output, 2000));
    if (exit.truncated) outcome.details["output_truncated"] = true;
    return outcome;
}

std::string bad_parameter(Params const& params) {
    return params.texts("command").empty() ? "command is empty" : "";
}

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    Command command{.argv = params.texts("command")};
    if (auto bad = bad_parameter(params); !bad.empty()) co_return Outcome::unknown(std::move(bad), "InvalidParameter");
    for (auto const& [name, value] : params.with.at("env").as_object()) {
        command.env.emplace_back(name, value.is_string() ? std::string(value.get_string()) : serialize(value));
    }
    command.inherit_env = params.flag("inherit_env");
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
        "Runs a Nagios-style plug-in in its own process group, which is killed as a whole at the deadline. There "
        "is no shell: write [sh, -c, \"...\"] where one is needed. The first line of output is the message; "
        "performance data after | become measurements.",
    .critical = "the program exits with 2, or is killed by a signal",
    .warning = "the program exits with 1",
    .unknown = "it exits with another code, or cannot be started",
    .causes =
        "what the program's own message says\n"
        "NotStarted: the path is wrong, not executable, or not in this image\n"
        "timeout: it waits for something; the whole process group was killed",
    .next =
        "cd DIRECTORY && PROGRAM ARGUMENTS; echo $?  # the same argv by hand, as the same user\n"
        "vedette check --suite FILE -n NAME -o json  # exit code and output, in details",
    .timeout = std::chrono::seconds(10),
    .with = with,
    .probe = probe,
    .bad_parameter = bad_parameter,
    .built_in = false,
    .needs_cluster = false,
};

}  // namespace vedette::check
