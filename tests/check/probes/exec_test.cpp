// The exec check runs real programs: a process is the one thing the virtual world cannot play. What a run of the
// program means is a table over a played Process, so no shell is needed for it.

#include "base/processes.hpp"
#include "check/probes/suite_run.hpp"
#include "net/real_sockets.hpp"

#include <filesystem>
#include <fstream>
#include <signal.h>
#include <unistd.h>

namespace vedette::check {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ExecTest : public testing::Test {
protected:
    CheckReport check(std::string const& yaml) {
        Interrupt interrupt;
        auto report = sockets_.run(run_checks(instances_of(yaml), context_, {}, {}, interrupt));
        return std::move(report.checks.at(0));
    }
    Outcome exec(std::string command, std::string more = "") {
        return check(fmt::format("{{type: exec, with: {{command: [{}]{}}}}}", command, more)).outcome;
    }
    Outcome shell(std::string const& script, std::string more = "") {
        std::string quoted;  // for YAML and for the suite's references
        for (char const c : script) quoted += c == '\'' || c == '$' ? std::string(2, c) : std::string(1, c);
        return exec("sh, -c, '" + quoted + "'", more);
    }

    net::RealSockets sockets_;
    std::unique_ptr<Process> process_ = make_system_process(sockets_.executor(), sockets_.clock());
    WorldContext others_;
    ProbeContext context_{sockets_.clock(), others_.world.random(),
                          others_.network,  others_.resolver,
                          others_.tls,      *others_.http,
                          *process_,        nullptr,
                          nullptr,          {}};
};

// An argument for sleep(1) that only processes of this run and this test have.
std::string marked_duration(int test) {
    return fmt::format("86398.{}{}", test, ::getpid());
}

// --- what an exit means ---------------------------------------------------------------------------------------------

TEST_F(ExecTest, ExitCodesAreStatusesAsNagiosHasThem) {
    for (auto const& [code, want] : {std::pair{0, "ok ExitCode0: fine"}, std::pair{1, "warning ExitCode1: fine"},
                                     std::pair{2, "critical ExitCode2: fine"}, std::pair{3, "unknown ExitCode3: fine"},
                                     std::pair{77, "unknown ExitCode77: fine"}}) {
        auto const outcome = shell(fmt::format("echo fine; exit {}", code));
        EXPECT_EQ(said(outcome), want);
        EXPECT_EQ(outcome.checked, 1);
        EXPECT_EQ(outcome.failed, code == 1 || code == 2 ? 1 : 0);
        EXPECT_EQ(outcome.details.at("exit_code"), code);
        EXPECT_EQ(outcome.details.at("stdout"), "fine ");
    }
}

TEST_F(ExecTest, ASignalIsCriticalAndNamed) {
    auto const outcome = shell("kill -SEGV $$");
    EXPECT_EQ(said(outcome), "critical KilledBySignal: sh was killed by signal 11");
    EXPECT_EQ(outcome.details.at("exit_code"), 139);
}

TEST_F(ExecTest, TheFirstLineOfOutputElseOfErrorsElseTheCodeIsTheMessage) {
    EXPECT_EQ(shell("echo one; echo two; echo err >&2").message, "one");
    EXPECT_EQ(shell("echo err >&2; exit 2").message, "err");
    EXPECT_EQ(shell("exit 2").message, "sh exited with code 2");
    EXPECT_EQ(shell("printf \"a\\tb  \\r\\n\"").message, "a b");
    EXPECT_EQ(shell("echo the token=hunter2 is old").message, "the token=[redacted] is old");
    EXPECT_THAT(std::string(shell("echo x; echo password=hunter2").details.at("stdout").as_string()),
                AllOf(HasSubstr("x password="), Not(HasSubstr("hunter2"))));
}

TEST_F(ExecTest, PerformanceDataBecomeMeasurements) {
    auto const outcome =
        shell("echo \"OK - fine |time=0.05s;1;5 rta=1.5ms size=120B used=83%;80;90 Load-1=3 free=x; =4 U=\"");
    EXPECT_EQ(outcome.message, "OK - fine");
    EXPECT_EQ(outcome.measurements,
              (std::vector<std::pair<std::string, double>>{
                  {"time_seconds", 0.05}, {"rta_ms", 1.5}, {"size_bytes", 120}, {"used_percent", 83}, {"load_1", 3}}));
    auto const quoted = shell("echo \"OK |'free space'=7\"");
    EXPECT_EQ(quoted.measurements, (std::vector<std::pair<std::string, double>>{{"free_space", 7}}));
}

TEST_F(ExecTest, OutputPastSixtyFourKilobytesIsDroppedAndSaidToBe) {
    auto const outcome = shell("yes | head -c 1000000");
    EXPECT_EQ(outcome.status, Status::ok);
    EXPECT_EQ(outcome.details.at("output_truncated"), true);
    EXPECT_EQ(outcome.details.at("stdout").as_string().size(), 2000U);
    EXPECT_FALSE(shell("echo x").details.contains("output_truncated"));
    auto const endless_line = shell("head -c 100000 /dev/zero | tr \"\\000\" x");
    EXPECT_EQ(endless_line.message.size(), 500U);
}

// --- what the program is given --------------------------------------------------------------------------------------

TEST_F(ExecTest, ArgumentsGoThroughWithoutAShell) {
    EXPECT_EQ(exec("printf, '%s|', 'a b', '$HOME', '*'").details.at("stdout"), "a b|$HOME|*|");
}

TEST_F(ExecTest, TheEnvironmentIsOursPlusWhatIsSaidOrOnlyWhatIsSaid) {
    ::setenv("VEDETTE_EXEC_OURS", "ours", 1);
    std::string const script = "echo ${VEDETTE_EXEC_OURS-none} ${SAID-none} ${COUNT-none}";
    EXPECT_EQ(shell(script).message, "ours none none");
    EXPECT_EQ(shell(script, ", env: {SAID: said, COUNT: 7}").message, "ours said 7");
    EXPECT_EQ(shell(script, ", env: {SAID: said}, inherit_env: false").message, "none said none");
    EXPECT_EQ(shell(script, ", env: {VEDETTE_EXEC_OURS: replaced}").message, "replaced none none");
    ::unsetenv("VEDETTE_EXEC_OURS");
}

TEST_F(ExecTest, StandardInputIsWhatIsSaidOrEmpty) {
    EXPECT_EQ(exec("cat", ", input: 'hello there'").message, "hello there");
    EXPECT_EQ(exec("cat").message, "cat exited with code 0") << "nothing to wait for";
    EXPECT_EQ(shell("read line || echo closed").message, "closed");
}

TEST_F(ExecTest, TheDirectoryIsWhereItRuns) {
    EXPECT_EQ(exec("pwd", ", directory: /").message, "/");
    EXPECT_EQ(said(exec("pwd", ", directory: /no/such")), "unknown NotStarted: /no/such: no such directory");
}

// --- programs that do not start -------------------------------------------------------------------------------------

TEST_F(ExecTest, AProgramThatCannotBeStartedIsUnknownAndNamed) {
    EXPECT_EQ(said(exec("no-such-program-of-ours")),
              "unknown NotStarted: no-such-program-of-ours: no such program in PATH");
    EXPECT_EQ(said(exec("/no/such")), "unknown NotStarted: /no/such: no such program, or its interpreter is missing");
    auto const path = std::filesystem::temp_directory_path() / fmt::format("vedette-exec-{}", ::getpid());
    std::ofstream(path) << "#!/bin/sh\nexit 0\n";
    EXPECT_EQ(said(exec(path.string())), fmt::format("unknown NotStarted: {}: not executable by us", path.string()));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    EXPECT_EQ(exec(path.string()).status, Status::ok);
    std::filesystem::remove(path);
    EXPECT_EQ(said(exec("")), "unknown InvalidParameter: command is empty");
    EXPECT_EQ(said(exec("x", ", env: {'A=B': c}")),
              "unknown NotStarted: x: an environment variable that cannot be set");
}

// --- the deadline ---------------------------------------------------------------------------------------------------

TEST_F(ExecTest, AtItsDeadlineTheWholeGroupIsKilledGrandchildrenIncluded) {
    auto const mark = marked_duration(1);
    auto const report = check(fmt::format(
        "{{type: exec, timeout: 2s, with: {{command: [sh, -c, '(sleep {0} & sleep {0}) & trap : TERM; sleep {0}']}}}}",
        mark));
    EXPECT_EQ(said(report.outcome), "timeout DeadlineExceeded: sh was killed: it ran past its deadline");
    EXPECT_EQ(report.timeout, 2s);
    EXPECT_EQ(processes_left_with(mark), 0);
}

TEST_F(ExecTest, WhatAProgramLeavesBehindIsKilledWhenItEnds) {
    auto const mark = marked_duration(2);
    EXPECT_EQ(shell(fmt::format("sleep {} >/dev/null 2>&1 & echo done", mark)).message, "done");
    EXPECT_EQ(processes_left_with(mark), 0);
}

TEST_F(ExecTest, AHangingProgramHarmsNoOtherCheck) {
    auto const mark = marked_duration(3);
    auto instances = instances_of(fmt::format("{{type: exec, timeout: 1s, with: {{command: [sleep, '{}']}}}}", mark));
    auto others = instances_of("{type: exec, name: well, with: {command: ['true']}}");
    instances.push_back(others.at(0));
    Interrupt interrupt;
    auto const report = sockets_.run(run_checks(std::move(instances), context_, {}, {}, interrupt));
    EXPECT_EQ(report.checks.at(0).outcome.status, Status::timeout);
    EXPECT_EQ(report.checks.at(1).outcome.status, Status::ok);
    EXPECT_EQ(processes_left_with(mark), 0);
}

TEST_F(ExecTest, RetriesRunTheProgramAgain) {
    auto const path = std::filesystem::temp_directory_path() / fmt::format("vedette-retry-{}", ::getpid());
    std::filesystem::remove(path);
    auto const report =
        check(fmt::format("{{type: exec, retries: 3, with: {{command: [sh, -c, 'echo x >> {0}; test $$(wc -l < {0}) "
                          "-ge 3 || exit 2']}}}}",
                          path.string()));
    std::filesystem::remove(path);
    EXPECT_EQ(report.outcome.status, Status::ok) << report.outcome.message;
    EXPECT_EQ(report.attempts, 3);
}

}  // namespace
}  // namespace vedette::check
