// vedette operator: what is wrong before anything is sent is one sentence and exit 2.

#include "integration/command_line/program.hpp"
#include "net/dialer.hpp"

#include <filesystem>

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
             {{"--rbac", "verify", "--rbac-adopt", "narrow"}, "--rbac-adopt=narrow needs --rbac=manage"},
             {{"--kube-api-qps", "0"}, "--kube-api-qps"},
             {{"--max-running-workflows", "-1"}, "--max-running-workflows"},
             {{"--max-workers", "-5"}, "--max-workers: \"-5\" is not a number of workers"},
             {{"--namespace", "Health"}, "--namespace: \"Health\" cannot be a namespace"},
             {{"--source-dir", "/dev/null"}, "--source-dir: /dev/null is no folder"},
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

// Each would be an operator that runs and does not do what it was told.
TEST_F(CommandLineOperator, FlagsThatSayNothingBesideEachOtherAreRefused) {
    for (auto const& [flags, sentence] : std::vector<std::pair<std::string, std::string>>{
             {"--heartbeat-interval 1m",
              "--heartbeat-interval needs --heartbeat-url-file or --heartbeat-url: without a URL nothing is sent"},
             {"--rbac off --rbac-defaults reference",
              "--rbac-defaults=reference and --rbac-allow need --rbac=manage or --rbac=verify: with off no rights are "
              "looked at"},
             {"--rbac off --rbac-allow allow.yaml",
              "--rbac-defaults=reference and --rbac-allow need --rbac=manage or --rbac=verify: with off no rights are "
              "looked at"},
         }) {
        SCOPED_TRACE(flags);
        expect_refused(shell(fmt::format("\"$VEDETTE\" operator {}", flags)), sentence);
    }
}

TEST_F(CommandLineOperator, APlaceOfThePolicyThatCannotBeIsRefused) {
    auto const config = kubeconfig("https://127.0.0.1:1");
    for (auto const& [place, words] : std::vector<std::pair<std::string, std::string>>{
             {"ops", "\"ops\" is not NAMESPACE/NAME"},
             {"Foo/bar", "\"Foo\" cannot be a namespace: their names are lower-case letters, digits and \"-\""},
             {"foo/Bar_",
              "\"Bar_\" cannot be a ConfigMap: their names are lower-case letters, digits, \"-\" and \".\""},
         }) {
        auto const run = vedette({"operator", "--kubeconfig", config, "--policy-configmap", place});
        EXPECT_EQ(run.code, 2) << place;
        EXPECT_THAT(run.err, testing::StartsWith("vedette: --policy-configmap: " + words));
    }
}

// --- switches -------------------------------------------------------------------------------------------------------

TEST_F(CommandLineOperator, ASwitchIsTrueOrFalseWhateverTheCommand) {
    for (auto const* call :
         {"operator --zap-devel=maybe", "operator --zap-devel=99999999999999999999", "operator --leader-elect=maybe",
          "operator --metrics-secure=2", "operator --takeover=1x", "operator --remedy-dry-run=maybe",
          "operator plan a.yaml --remedy-dry-run=2", "check --cronjob=maybe", "check --pretty=2",
          "checks list --json=maybe", "operator --help=maybe", "--version=maybe"}) {
        SCOPED_TRACE(call);
        std::string_view const flag(call);
        auto const begin = flag.rfind("--");
        auto const is = flag.find('=');
        auto const ran = shell(fmt::format("\"$VEDETTE\" {}", call));
        EXPECT_EQ(ran.code, 2);
        EXPECT_THAT(ran.err, testing::StartsWith(fmt::format(
                                 "vedette: {}: \"{}\" says neither yes nor no: write true or false (see `vedette",
                                 flag.substr(begin, is - begin), flag.substr(is + 1))));
    }
    auto const* as_active_monitor =
        "ln -sf \"$VEDETTE\" active-monitor-controller && exec ./active-monitor-controller -zap-devel=maybe";
    expect_refused(
        shell(as_active_monitor),
        "--zap-devel: \"maybe\" says neither yes nor no: write true or false (see `vedette operator --help`)");
}

TEST_F(CommandLineOperator, ASwitchTakesWhatGoReads) {
    for (auto const* word : {"", "=true", "=TRUE", "=True", "=T", "=t", "=1", "=false", "=FALSE", "=F", "=0", "=yes",
                             "=no", "=on", "=off"}) {
        auto const run = shell(fmt::format("\"$VEDETTE\" operator --kubeconfig not-there --zap-devel{}", word));
        EXPECT_THAT(run.err, testing::HasSubstr("not-there")) << word;
    }
    EXPECT_THAT(vedette({"operator", "--help=true"}).out, testing::HasSubstr("--leader-elect"));
}

// --- exit codes -----------------------------------------------------------------------------------------------------

TEST_F(CommandLineOperator, AFolderInPlaceOfAFileIsAWrongFlagAndNoBrokenListener) {
    auto const config = kubeconfig("https://127.0.0.1:1");
    std::filesystem::create_directories(folder_ / "folder" / "tls.crt");
    std::filesystem::create_directories(folder_ / "folder" / "tls.key");
    for (auto const& flags : std::vector<std::string>{
             "--kubeconfig folder",
             "--kubeconfig " + config + " --rbac-allow folder",
             "--kubeconfig " + config + " --heartbeat-url-file folder",
             "--kubeconfig " + config +
                 " --health-probe-bind-address 0 --metrics-bind-address 127.0.0.1:0 "
                 "--metrics-secure --metrics-cert-path folder",
         }) {
        SCOPED_TRACE(flags);
        auto const run = shell(fmt::format("\"$VEDETTE\" operator {}", flags));
        EXPECT_EQ(run.code, 2);
        EXPECT_THAT(run.err, testing::HasSubstr("folder"));
    }
}

TEST_F(CommandLineOperator, WhereItCannotListenItExits1) {
    auto const config = kubeconfig("https://127.0.0.1:1");
    auto const taken = net::listen_tcp(sockets_.executor(), sockets_.clock(), {"127.0.0.1", 0});
    ASSERT_TRUE(taken);
    auto const address = net::to_string((*taken)->local());
    for (auto const* flag : {"--metrics-bind-address", "--health-probe-bind-address"}) {
        SCOPED_TRACE(flag);
        auto const* other = std::string_view(flag) == "--metrics-bind-address" ? "--health-probe-bind-address"
                                                                               : "--metrics-bind-address";
        auto const run = vedette({"operator", "--kubeconfig", config, flag, address, other, "0"});
        EXPECT_EQ(run.code, 1);
        EXPECT_THAT(run.err, testing::StartsWith(fmt::format("vedette: {} {}: listen on ", flag, address)));
        EXPECT_EQ(vedette({"operator", "--kubeconfig", config, flag, "nonsense", other, "0"}).code, 2);
    }
}

TEST_F(CommandLineOperator, APlanThatCannotBeWrittenIsNoSuccess) {
    write("checks.yaml",
          "apiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\nmetadata: {name: hello}\n"
          "spec: {repeatAfterSec: 60, level: namespace, checks: [{type: dns, name: d, with: {name: shop.example}}]}\n");
    ASSERT_EQ(vedette({"operator", "plan", "checks.yaml"}).code, 0) << vedette({"operator", "plan", "checks.yaml"}).out;
    auto const run = shell("\"$VEDETTE\" operator plan checks.yaml >/dev/full");
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.err, testing::HasSubstr("cannot write to standard output"));
}

TEST_F(CommandLineOperator, WithoutAKubeconfigItSaysWhereItLooked) {
    auto const run = vedette({"operator", "--kubeconfig", "/nonexistent/config"});
    EXPECT_EQ(run.code, 2);
    EXPECT_THAT(run.err, testing::HasSubstr("kubeconfig /nonexistent/config: no such file"));
}

}  // namespace
}  // namespace vedette::cli
