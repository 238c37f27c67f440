// The script that bash reads, read by bash.

#include "cli/command_line.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <unistd.h>

namespace vedette::cli {
namespace {

std::string script(char const* shell) {
    std::array<char const*, 3> const argv{"vedette", "completion", shell};
    testing::internal::CaptureStdout();
    auto const code = run_command_line(static_cast<int>(argv.size()), argv.data());
    auto text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(code, 0);
    return text;
}

struct Ran {
    int status = 0;
    std::string output;
};

Ran bash(std::string const& text) {
    auto const path = testing::TempDir() + "vedette-completion-" + std::to_string(::getpid()) + ".bash";
    std::ofstream(path) << text;
    auto* pipe = ::popen(("bash " + path + " 2>&1").c_str(), "r");
    Ran ran;
    if (!pipe) {
        ADD_FAILURE() << "bash cannot be started";
        return ran;
    }
    std::array<char, 4096> buffer{};
    while (auto const size = std::fread(buffer.data(), 1, buffer.size(), pipe)) ran.output.append(buffer.data(), size);
    ran.status = ::pclose(pipe);
    std::remove(path.c_str());
    return ran;
}

// What pressing the tabulator behind `words` offers, in a shell whose vedette knows two checks.
std::string offered(std::string const& words) {
    auto const ran = bash(script("bash") + R"(
vedette() { printf 'NAME GROUP\npods-oom workloads\nnodes-ready nodes\n'; }
COMP_WORDS=(vedette )" + words +
                          R"(); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_vedette
echo "${COMPREPLY[*]}"
)");
    EXPECT_EQ(ran.status, 0) << words;
    return ran.output.substr(0, ran.output.find('\n'));
}

TEST(Completion, BashOffersWhatFits) {
    EXPECT_EQ(offered("ch"), "check checks");
    EXPECT_EQ(offered("check --no"), "--no-metrics --no-color");
    EXPECT_EQ(offered("checks l"), "list");
    EXPECT_EQ(offered("check -n p"), "pods-oom");
    EXPECT_EQ(offered("check -g ''"), "nodes workloads");
    EXPECT_EQ(offered("check -o j"), "json junit");
    EXPECT_EQ(offered("check --exit-codes n"), "nagios");
    EXPECT_EQ(offered("check -l w"), "warning");
    EXPECT_EQ(offered("sim --scenario b"), "broken");
    EXPECT_EQ(offered("checks explain n"), "nodes-ready");
    EXPECT_EQ(offered("checks explain pods-oom -o m"), "markdown");
    EXPECT_EQ(offered("completion --h"), "--help");
}

TEST(Completion, EveryShellHasAScriptThatNamesEveryCommand) {
    for (auto const* shell : {"bash", "zsh", "fish"}) {
        auto const text = script(shell);
        for (auto const* word : {"check", "explain", "kubeconfig", "scenario"}) {
            EXPECT_NE(text.find(word), std::string::npos) << shell << " " << word;
        }
    }
}

}  // namespace
}  // namespace vedette::cli
