// vedette operator: what is wrong before anything is sent is one sentence and exit 2.

#include "integration/command_line/program.hpp"

namespace vedette::cli {
namespace {

class CommandLineOperator : public CommandLine {};

TEST_F(CommandLineOperator, ValuesThatMeanNothingAreRefusedByName) {
    struct Slip {
        std::vector<std::string> arguments;
        std::string words;
    };
    for (auto const& slip : std::vector<Slip>{
             {{"--rbac", "nope"}, "--rbac"},
             {{"--kube-api-qps", "0"}, "--kube-api-qps"},
             {{"--max-running-workflows", "-1"}, "--max-running-workflows"},
             {{"--zap-encoder", "xml"}, "--zap-encoder"},
             {{"--zap-log-level", "loud"}, "--zap-log-level"},
             {{"--leader-elected"}, "did you mean \"--leader-elect\"?"},
             {{"plant"}, "did you mean \"plan\"?"},
         }) {
        std::vector<std::string> arguments{"operator"};
        arguments.insert(arguments.end(), slip.arguments.begin(), slip.arguments.end());
        SCOPED_TRACE(fmt::format("vedette {}", fmt::join(arguments, " ")));
        auto const run = vedette(arguments);
        EXPECT_EQ(run.code, 2);
        EXPECT_THAT(run.err, testing::HasSubstr(slip.words));
        EXPECT_THAT(run.err, testing::Not(testing::HasSubstr("needs a command")));
    }
}

TEST_F(CommandLineOperator, WithoutAKubeconfigItSaysWhereItLooked) {
    auto const run = vedette({"operator", "--kubeconfig", "/nonexistent/config"});
    EXPECT_EQ(run.code, 2);
    EXPECT_THAT(run.err, testing::HasSubstr("kubeconfig /nonexistent/config: no such file"));
}

}  // namespace
}  // namespace vedette::cli
