// Real children: a process is the one thing the virtual world cannot play.

#include "base/process.hpp"

#include "base/event.hpp"
#include "base/processes.hpp"
#include "base/task_group.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vedette {
namespace {

Async<void> keep(Task<Exit> run, std::optional<Result<Exit>>& into) {
    into.emplace(co_await std::move(run));
}

class ProcessTest : public testing::Test {
protected:
    Result<Exit> run(Command command, Duration patience = 30s) {
        std::optional<Result<Exit>> got;
        std::exception_ptr thrown;
        asio::co_spawn(context_, keep(process_->run(std::move(command), clock_->now() + patience), got),
                       [&thrown](std::exception_ptr error) { thrown = std::move(error); });
        context_.restart();
        context_.run();
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*got);
    }
    Result<Exit> shell(std::string script, Duration patience = 30s) {
        return run({.argv = {"sh", "-c", std::move(script)}}, patience);
    }

    asio::io_context context_{1};
    std::unique_ptr<Clock> clock_ = make_system_clock(context_.get_executor());
    std::unique_ptr<Process> process_ = make_system_process(context_.get_executor(), *clock_);
};

std::size_t open_descriptors() {
    std::filesystem::directory_iterator const entries("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// An argument for sleep(1) that only processes of this run and this test have.
std::string marked_duration(int test) {
    return fmt::format("86399.{}{}", test, ::getpid());
}

bool has_children() {
    return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

TEST_F(ProcessTest, OutputErrorsAndExitCodeComeBackApart) {
    auto const got = shell("echo out; echo err >&2; exit 3");
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->output, "out\n");
    EXPECT_EQ(got->errors, "err\n");
    EXPECT_EQ(got->code, 3);
    EXPECT_EQ(got->signal, 0);
    EXPECT_FALSE(got->truncated);
}

TEST_F(ProcessTest, ASignalIsNamedAndCountsAs128AndItsNumber) {
    auto const got = shell("kill -TERM $$");
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->signal, SIGTERM);
    EXPECT_EQ(got->code, 128 + SIGTERM);
}

TEST_F(ProcessTest, AMegabyteGoesThroughBothPipesUnchanged) {
    std::string input;
    while (input.size() < 1024 * 1024) input += fmt::format("line {}\n", input.size());
    auto const got = run({.argv = {"cat"}, .input = input, .output_limit = 2 * 1024 * 1024});
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_TRUE(got->output == input);
}

TEST_F(ProcessTest, AChildThatDoesNotReadItsInputIsNoErrorAndNoSignalForUs) {
    auto const got = run({.argv = {"true"}, .input = std::string(1024 * 1024, 'x')});
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->code, 0);
}

TEST_F(ProcessTest, WithoutInputStandardInputIsEmpty) {
    auto const got = run({.argv = {"cat"}});
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->output, "");
}

TEST_F(ProcessTest, BeyondItsLimitOutputIsReadDroppedAndMarked) {
    auto const got = run({.argv = {"sh", "-c", "yes | head -c 5000000"}, .output_limit = 10});
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->output, "y\ny\ny\ny\ny\n");
    EXPECT_TRUE(got->truncated);
    EXPECT_EQ(got->code, 0);

    auto const exact = run({.argv = {"sh", "-c", "printf 1234567890"}, .output_limit = 10});
    ASSERT_TRUE(exact);
    EXPECT_FALSE(exact->truncated);
}

TEST_F(ProcessTest, TheSignalsOfAChildAreTheDefaultOnes) {
    auto const before = ::signal(SIGPIPE, SIG_IGN);
    auto const got = shell("sh -c 'kill -PIPE $$'; echo $?");
    ::signal(SIGPIPE, before);
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->output, fmt::format("{}\n", 128 + SIGPIPE));
}

TEST_F(ProcessTest, TheEnvironmentIsOursPlusWhatIsSaidOrOnlyWhatIsSaid) {
    ::setenv("VEDETTE_OURS", "ours", 1);
    Command command{.argv = {"sh", "-c", "echo ${VEDETTE_OURS-none} ${VEDETTE_SAID-none}"},
                    .env = {{"VEDETTE_SAID", "said"}}};
    auto got = run(command);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->output, "ours said\n");
    command.inherit_env = false;
    got = run(command);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->output, "none said\n");
    command.inherit_env = true;
    command.env = {{"VEDETTE_OURS", "replaced"}};
    got = run(command);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->output, "replaced none\n");
    ::unsetenv("VEDETTE_OURS");
}

TEST_F(ProcessTest, TheDirectoryIsTheChildsAlone) {
    auto const here = std::filesystem::current_path();
    auto const got = run({.argv = {"pwd"}, .directory = "/"});
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->output, "/\n");
    EXPECT_EQ(std::filesystem::current_path(), here);
}

TEST_F(ProcessTest, WhatCannotBeStartedSaysWhy) {
    auto const script = std::filesystem::temp_directory_path() / fmt::format("vedette-script-{}", ::getpid());
    std::ofstream(script) << "#!/no/such/interpreter\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    struct Row {
        Command command;
        Errc code;
        std::string text;
    };
    for (auto const& row : {
             Row{{.argv = {"vedette-no-such-program"}},
                 Errc::not_found,
                 "vedette-no-such-program: no such program in PATH"},
             Row{{.argv = {"/no/such/program"}},
                 Errc::not_found,
                 "/no/such/program: no such program, or its interpreter is missing"},
             Row{{.argv = {script}},
                 Errc::not_found,
                 script.string() + ": no such program, or its interpreter is missing"},
             Row{{.argv = {"/"}}, Errc::denied, "/: not executable by us"},
             Row{{.argv = {"/etc/passwd"}}, Errc::denied, "/etc/passwd: not executable by us"},
             Row{{.argv = {}}, Errc::invalid_input, "no program is named"},
             Row{{.argv = {"true", std::string("a\0b", 3)}}, Errc::invalid_input, "true: a NUL byte in its arguments"},
             Row{{.argv = {"true"}, .env = {{"A=B", "c"}}},
                 Errc::invalid_input,
                 "true: an environment variable that cannot be set"},
             Row{{.argv = {"true"}, .directory = "/no/such"}, Errc::not_found, "/no/such: no such directory"},
         }) {
        SCOPED_TRACE(row.text);
        auto const got = run(row.command);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error(), Error(row.code, row.text));
    }
    std::filesystem::remove(script);
}

TEST_F(ProcessTest, AtTheDeadlineTheWholeGroupDiesAndNothingIsLeft) {
    auto const descriptors = open_descriptors();
    auto const mark = marked_duration(1);
    auto const got = shell(fmt::format("trap '' TERM INT HUP; sleep {0} & sleep {0}", mark), 300ms);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), Error(Errc::timed_out, "sh: timed out"));
    EXPECT_FALSE(has_children());
    // Orphans die by the same signal, but are buried by init at a time of its own.
    EXPECT_EQ(processes_left_with(mark), 0);
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(ProcessTest, AGrandchildThatKeepsThePipeOpenIsNotWaitedForAndDoesNotSurvive) {
    auto const mark = marked_duration(2);
    auto const got = shell(fmt::format("sleep {} & echo started", mark));
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->output, "started\n");
    EXPECT_EQ(got->code, 0);
    EXPECT_EQ(processes_left_with(mark), 0);
}

TEST_F(ProcessTest, AGrandchildThatLeftTheGroupCannotHoldUsEither) {
    auto const got = shell("setsid sh -c 'sleep 3' & echo started");
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->output, "started\n");
    EXPECT_FALSE(has_children());
}

TEST_F(ProcessTest, OutputThatAGrandchildWritesJustAfterTheEndIsStillRead) {
    auto const got = shell("(sleep 0.02; echo late) & true");
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->output, "late\n");
}

TEST_F(ProcessTest, CancellingKillsAndBuriesBeforeItUnwinds) {
    auto const descriptors = open_descriptors();
    auto main = [](Process& process, Clock& clock, std::string mark, bool& orphans) -> Async<void> {
        auto const executor = co_await asio::this_coro::executor;
        TaskGroup group(executor);
        auto child = [](Process& p, std::string duration) -> Async<void> {
            Command command{.argv = {"sleep", std::move(duration)}};
            auto const got = co_await p.run(std::move(command), no_deadline);
            (void)got;
        };
        group.spawn(child(process, mark));
        while (processes_with(mark) == 0) co_await clock.sleep_for(1ms);
        co_await group.stop();
        orphans = has_children();
    };
    auto const mark = marked_duration(3);
    bool orphans = true;
    asio::co_spawn(context_, main(*process_, *clock_, mark, orphans), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    context_.run();
    EXPECT_FALSE(orphans);
    EXPECT_EQ(processes_with(mark), 0);
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(ProcessTest, AReactorThatIsTornDownInTheMiddleLeavesNoProcess) {
    auto const mark = marked_duration(4);
    {
        asio::io_context context(1);
        auto const clock = make_system_clock(context.get_executor());
        auto const process = make_system_process(context.get_executor(), *clock);
        std::optional<Result<Exit>> got;
        Command command{.argv = {"sleep", mark}};
        asio::co_spawn(context, keep(process->run(std::move(command), no_deadline), got), [](std::exception_ptr) {});
        while (processes_with(mark) == 0) context.poll();
    }
    EXPECT_FALSE(has_children());
    EXPECT_EQ(processes_with(mark), 0);
}

TEST_F(ProcessTest, AHundredRunsLeakNoDescriptorAndNoZombie) {
    auto const descriptors = open_descriptors();
    for (int i = 0; i < 100; ++i) {
        auto const got = run({.argv = {"cat"}, .input = "x"});
        ASSERT_TRUE(got) << got.error().text();
        ASSERT_EQ(got->output, "x");
    }
    EXPECT_FALSE(has_children());
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(ProcessTest, TheChildSeesNoDescriptorOfOurs) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);  // without O_CLOEXEC, as a careless library would
    auto const got = shell("ls /proc/self/fd | wc -l");
    ::close(ends[0]);
    ::close(ends[1]);
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(std::stoi(got->output), 4);  // three streams and the directory that ls reads
}

}  // namespace
}  // namespace vedette
