// What a new user types: slips in commands, options and values, nothing configured at all, and the help.

#include "integration/command_line/program.hpp"

namespace vedette::cli {
namespace {

using testing::HasSubstr;

struct Slip {
    std::vector<std::string> arguments;
    std::string sentence;
};

class CommandLineUsage : public CommandLine {
protected:
    void expect(std::vector<Slip> const& slips) {
        for (auto const& slip : slips) {
            SCOPED_TRACE(fmt::format("vedette {}", fmt::join(slip.arguments, " ")));
            expect_refused(vedette(slip.arguments), slip.sentence);
        }
    }
};

TEST_F(CommandLineUsage, AMistypedCommandGetsTheNearestOnes) {
    expect({
        {{"chek"}, "there is no command \"chek\"; did you mean \"check\" or \"checks\"? (see `vedette --help`)"},
        {{"checks", "lst"}, "there is no command \"lst\"; did you mean \"list\"? (see `vedette checks --help`)"},
        {{"help"}, "there is no command \"help\"; did you mean \"--help\"? (see `vedette --help`)"},
        {{"xyzzy"},
         "there is no command \"xyzzy\"; there are check, checks, operator, sim, completion (see `vedette --help`)"},
        {{"checks"},
         "`vedette checks` needs a command: list, explain, validate, rbac, schema (see `vedette checks --help`)"},
    });
}

TEST_F(CommandLineUsage, AMistypedOptionGetsTheNearestOneAndItsValueIsNotRepeated) {
    auto const sentence =
        "--contxt is no option of `vedette check`; did you mean \"--context\"? (see `vedette check --help`)";
    expect({
        {{"check", "--contxt", "4f1dc0ffee"}, sentence},
        {{"check", "--contxt=4f1dc0ffee"}, sentence},
        {{"--versio"}, "--versio is no option of `vedette`; did you mean \"--version\"? (see `vedette --help`)"},
        {{"--deadline", "5s"},
         "--deadline belongs to a command: `vedette check --deadline ...` (see `vedette --help`)"},
        {{"check", "nodes-ready"},
         "`vedette check` does not know what to do with \"nodes-ready\"; checks are chosen with --name, --group or "
         "--service (see `vedette check --help`)"},
        {{"check", "--kubeconfig"}, "--kubeconfig needs a value: --kubeconfig FILE (see `vedette check --help`)"},
        {{"check", "--deadline", "5s", "--deadline", "6s"},
         "--deadline is given more than once (see `vedette check --help`)"},
        {{"checks", "validate"}, "`vedette checks validate`: FILE is required (see `vedette checks validate --help`)"},
    });
}

TEST_F(CommandLineUsage, ABadValueIsToldWhatWouldBeAGoodOne) {
    expect({
        {{"check", "--deadline", "5"}, "--deadline: duration \"5\" lacks a unit: add one of ms, s, m, h, d, w"},
        {{"check", "--deadline", "soon"}, "--deadline: \"soon\" is not a duration such as 30s or 1h30m"},
        {{"check", "--deadline", "0s"}, "--deadline: must be longer than 0s"},
        {{"check", "--deadline", "-5s"}, "--deadline: duration \"-5s\" is negative"},
        {{"check", "-t", "5s"},
         "--timeout: \"5s\" is not a number of seconds from 0 to 86400, without a unit (see `vedette check --help`)"},
        {{"check", "-w", "-1"},
         "--num-workers: \"-1\" is not a number of checks from 0 to 10000, without a unit (see `vedette check "
         "--help`)"},
        {{"check", "-o", "yaml"},
         "--output: \"yaml\" is none of json, junit, prometheus, records and table (see `vedette check --help`)"},
        {{"check", "-o", "jsn"},
         "--output: \"jsn\" is none of json, junit, prometheus, records and table; did you mean \"json\"? (see "
         "`vedette check --help`)"},
        {{"check", "--exit-codes", "icinga"},
         "--exit-codes: \"icinga\" is none of nagios and plain (see `vedette check --help`)"},
        {{"check", "-l", "loud"}, "\"loud\" is not a log level: use debug, info, warning, error or critical"},
        {{"check", "--namespace", "My_Shop"},
         "--namespace: \"My_Shop\" cannot be a namespace: their names are lower-case letters, digits and \"-\" (see "
         "`vedette check --help`)"},
        {{"check", "--namespace", ""},
         "--namespace: names no namespace; without the flag the whole cluster is read (see `vedette check --help`)"},
        {{"completion", "tcsh"}, "SHELL: \"tcsh\" is none of bash, zsh and fish (see `vedette completion --help`)"},
        {{"sim", "--scenario", "brokn"},
         "there is no scenario \"brokn\"; did you mean \"broken\"?; there are: healthy, broken"},
        {{"sim", "--listen", "0.0.0.0:0"}, "--listen: 0.0.0.0 is no loopback address, and nobody else shall get in"},
        {{"sim", "--for", "3"}, "--for: duration \"3\" lacks a unit: add one of ms, s, m, h, d, w"},
    });
}

TEST_F(CommandLineUsage, AFilterThatMatchesNothingNamesTheNearestUnlessThatIsAllowed) {
    expect({
        {{"check", "-n", "nodes-redy"}, "no check has the name \"nodes-redy\"; did you mean \"nodes-ready\"?"},
        {{"check", "-g", "wrkloads"}, "no check has the group \"wrkloads\"; did you mean \"workloads\"?"},
        {{"check", "-g", "nodes", "-n", "pods-oom"},
         "no check matches all of the filters together; `vedette checks list` shows what there is, --allow-empty "
         "accepts an empty run"},
        {{"checks", "explain", "pods-crash"},
         "there is no check type \"pods-crash\" (`vedette checks list` shows those of the built-in suite); did you "
         "mean "
         "\"pods-crashloop\"?"},
    });
    auto const document = document_of(vedette({"check", "-n", "no-such-check", "--allow-empty", "-o", "json"}));
    EXPECT_TRUE(document.at("checks").as_array().empty());
}

TEST_F(CommandLineUsage, WithNoKubeconfigAtAllItSaysWhereItLookedAndWhatToGive) {
    auto const sentence = fmt::format(
        "no kubeconfig: {}/.kube/config does not exist, and this is no pod with a service account; name a kubeconfig "
        "with --kubeconfig or KUBECONFIG",
        folder_.string());
    expect({{{}, sentence}, {{"check"}, sentence}, {{"check", "--cronjob"}, sentence}});
}

TEST_F(CommandLineUsage, EveryCommandHasHelpWithItsFullNameAndAnExample) {
    for (auto const* command : {"", "check", "checks", "checks list", "checks explain", "checks validate",
                                "checks rbac", "checks schema", "sim", "completion"}) {
        auto const name = std::string_view(command).empty() ? "vedette" : fmt::format("vedette {}", command);
        auto const ran = shell(fmt::format("\"$VEDETTE\" {} --help", command));
        EXPECT_EQ(ran.code, 0) << name;
        EXPECT_EQ(ran.err, "") << name;
        EXPECT_THAT(ran.out, HasSubstr(fmt::format("Usage: {}", name)));
        EXPECT_THAT(ran.out, testing::ContainsRegex("Examples?:\n  .*vedette")) << name;
    }
}

}  // namespace
}  // namespace vedette::cli
