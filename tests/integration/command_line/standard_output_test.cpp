// Where the result goes: closed, gone, full, limited, slow. A good cluster is checked, so the only fault is the output.

#include "base/json.hpp"
#include "integration/command_line/peer.hpp"
#include "integration/command_line/program.hpp"

#include <fstream>

namespace vedette::cli {
namespace {

using testing::HasSubstr;

constexpr std::array formats{"records", "table", "json", "junit", "prometheus"};

class CommandLineOutput : public CommandLine {
protected:
    CommandLineOutput() { write("config", cluster_.kubeconfig()); }
    /// `"$VEDETTE" check` in this format with `rest` behind it, such as "> file".
    Ran check(std::string const& format, std::string const& rest, std::string const& before = "") {
        return shell(fmt::format("{} \"$VEDETTE\" check --kubeconfig config -o {} {}", before, format, rest));
    }
    std::string text_of(std::string const& name) const {
        std::ifstream file(folder_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    GoodCluster cluster_{sockets_};
    Serving const serving_{sockets_, cluster_.serve()};
};

TEST_F(CommandLineOutput, OfAGoodClusterIsWholeAndHealthyInEveryFormat) {
    for (auto const* format : formats) {
        auto const ran = check(format, "");
        EXPECT_EQ(ran.code, 0) << format << ran.out;
        EXPECT_EQ(ran.err, "") << format;
        EXPECT_FALSE(ran.out.empty()) << format;
    }
    EXPECT_EQ(document_of(check("json", "")).at("status"), "ok");
}

TEST_F(CommandLineOutput, Closed) {
    for (auto const* format : formats) {
        auto const ran = check(format, ">&-");
        EXPECT_EQ(ran.code, 1) << format;
        EXPECT_EQ(ran.err, "vedette: cannot write to standard output: it is closed\n") << format;
    }
    // With no standard stream at all, the exit code is what is left, and nothing gets into a connection.
    EXPECT_EQ(check("json", "<&- >&- 2>&-").code, 1);
    EXPECT_EQ(shell("\"$VEDETTE\" checks list >&-").err, "vedette: cannot write to standard output: it is closed\n");
}

TEST_F(CommandLineOutput, OnAFullDisk) {
    for (auto const* format : formats) {
        auto const ran = check(format, "> /dev/full");
        EXPECT_EQ(ran.code, 1) << format;
        EXPECT_EQ(ran.err, "vedette: cannot write to standard output: No space left on device\n") << format;
    }
    for (auto const* command : {"checks list", "checks schema", "checks rbac", "checks explain hpa", "--help",
                                "--version", "completion bash", "sim --for 10ms"}) {
        auto const ran = shell(fmt::format("\"$VEDETTE\" {} > /dev/full", command));
        EXPECT_EQ(ran.code, 1) << command;
        EXPECT_THAT(ran.err, HasSubstr("No space left on device")) << command;
    }
}

TEST_F(CommandLineOutput, OnAFullDiskIsNeverHealthyWhateverTheStyleOfExitCodes) {
    EXPECT_EQ(check("json", "--exit-codes nagios > /dev/full").code, 3);
    EXPECT_EQ(check("json", "--cronjob > /dev/full").code, 1);
}

// A limit on the size of files is met in the middle of a text, as the end of a disk is.
TEST_F(CommandLineOutput, ThatEndsInTheMiddleIsTakenBack) {
    write("before", "what was there before\n");
    for (auto const* format : {"json", "junit", "prometheus"}) {
        auto const ran = check(format, ">> before", "ulimit -f 2;");
        EXPECT_EQ(ran.code, 1) << format;
        EXPECT_EQ(ran.err, "vedette: cannot write to standard output: File too large\n");
        EXPECT_EQ(text_of("before"), "what was there before\n") << format;
        check(format, "> fresh", "ulimit -f 2;");
        EXPECT_EQ(text_of("fresh"), "") << format;
    }
    EXPECT_EQ(check("records", "> records", "ulimit -f 4;").code, 1);
    auto const records = text_of("records");
    EXPECT_THAT(records, testing::EndsWith("}\n"));
    for (std::size_t at = 0; at < records.size();) {
        auto const end = records.find('\n', at);
        EXPECT_TRUE(parse_json(records.substr(at, end - at), "record")) << records.substr(at, 100);
        at = end + 1;
    }
}

TEST_F(CommandLineOutput, WhoseReaderGoesAway) {
    for (auto const* format : formats) {
        auto const ran = check(format, "2> err | head -c 1 > /dev/null; exit ${PIPESTATUS[0]}");
        // A text that fits into the pipe is written before its reader goes.
        if (ran.code == 0) continue;
        EXPECT_EQ(ran.code, 1) << format;
        EXPECT_EQ(text_of("err"), "vedette: cannot write to standard output: its reader has gone away\n") << format;
    }
}

TEST_F(CommandLineOutput, WhoseReaderHasAlreadyGone) {
    for (auto const* format : formats) {
        // The reader has ended before the program starts.
        auto const ran =
            shell(fmt::format("mkfifo pipe{0}; exec 4<>pipe{0}; exec 5>pipe{0}; exec 4<&-; "
                              "exec \"$VEDETTE\" check --kubeconfig config -o {0} >&5",
                              format));
        EXPECT_EQ(ran.code, 1) << format;
        EXPECT_EQ(ran.err, "vedette: cannot write to standard output: its reader has gone away\n") << format;
    }
}

TEST_F(CommandLineOutput, ToASlowReaderIsWhole) {
    auto const ran = check("json", "| (sleep 0.2; cat)");
    EXPECT_EQ(document_of(ran).at("status"), "ok");
}

class CommandLineSim : public CommandLine {};

TEST_F(CommandLineSim, IsACheckableCluster) {
    auto const ran = shell(
        "\"$VEDETTE\" sim --kubeconfig sim.config --for 60s 2> sim.err & sim=$!; "
        "until [ -s sim.config ]; do kill -0 $sim || exit 99; sleep 0.05; done; "
        "\"$VEDETTE\" check --kubeconfig sim.config -o json; code=$?; kill $sim; wait $sim; exit $code");
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(document_of(ran).at("status"), "ok");
}

TEST_F(CommandLineSim, SaysWhyItCannotServe) {
    auto const taken = sockets_.listen();
    auto const at = to_string(taken->local());
    auto ran = vedette({"sim", "--listen", at});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.err, fmt::format("vedette: listen on {}: Address already in use\n", at));
    ran = vedette({"sim", "--kubeconfig", "no-such-folder/config", "--for", "1s"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.err, "vedette: cannot write no-such-folder/config: No such file or directory\n");
}

}  // namespace
}  // namespace vedette::cli
