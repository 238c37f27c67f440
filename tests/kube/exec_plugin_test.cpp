#include "kube/exec_plugin.hpp"

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "kube/played_process.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char v1[] = "client.authentication.k8s.io/v1";
constexpr char v1beta1[] = "client.authentication.k8s.io/v1beta1";

std::string credential(std::string_view status, std::string_view version = v1) {
    return fmt::format(R"({{"kind":"ExecCredential","apiVersion":"{}","status":{}}})", version, status);
}

TEST(ExecCredential, TokenCertificateAndExpiryAreReadInBothVersions) {
    for (auto const* version : {v1, v1beta1}) {
        auto const text = credential(R"({"token":"t","clientCertificateData":"c","clientKeyData":"k",)"
                                     R"("expirationTimestamp":"2026-01-01T00:10:00Z"})",
                                     version);
        auto const got = parse_exec_credential(text, version);
        ASSERT_TRUE(got) << got.error().text();
        ExecCredential const want{.token = "t",
                                  .certificate_pem = "c",
                                  .key_pem = "k",
                                  .expires = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 10min};
        EXPECT_EQ(*got, want);
    }
}

TEST(ExecCredential, YamlIsReadAsKubectlReadsIt) {
    auto const got = parse_exec_credential(
        "kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1\n"
        "status: {token: t}\n",
        v1);
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->token, "t");
}

TEST(ExecCredential, WhatIsNotUnderstoodIsSaidWithoutRepeatingIt) {
    struct Row {
        std::string output;
        std::string want;
    };
    for (auto const& row : {
             Row{"", "it printed no ExecCredential"},
             Row{"hunter2", "it printed no ExecCredential"},
             Row{"{\"token\":\"hunter2\"", "it printed no ExecCredential"},
             Row{"[1]", "it printed no ExecCredential"},
             Row{R"({"kind":"Pod","apiVersion":"v1"})", "it printed no ExecCredential"},
             Row{credential(R"({"token":"hunter2"})", v1beta1),
                 "it answered in another version than client.authentication.k8s.io/v1, which the kubeconfig names"},
             Row{R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})",
                 "its ExecCredential has no status"},
             Row{credential("{}"), "it printed neither a token nor a certificate with its key"},
             Row{credential(R"({"clientKeyData":"hunter2"})"), "it printed a certificate or a key, but not both"},
             Row{credential(R"({"token":"hunter2","expirationTimestamp":"tomorrow"})"),
                 "its expirationTimestamp is no RFC 3339 time"},
         }) {
        SCOPED_TRACE(row.output);
        auto const got = parse_exec_credential(row.output, v1);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error(), Error(Errc::invalid_input, row.want));
    }
}

TEST(ExecInfo, TheClusterIsDescribedOnlyToAPluginThatAsks) {
    Target target{.server = "https://api.example", .ca_pem = "ca", .tls_server_name = "inner"};
    target.credentials.exec = ExecPlugin{.api_version = v1, .command = "login"};
    EXPECT_EQ(exec_info(target), R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
                                 R"("spec":{"interactive":false}})");
    target.credentials.exec->provide_cluster_info = true;
    target.credentials.exec->cluster_config = R"({"audience":"shop"})";
    EXPECT_EQ(exec_info(target),
              R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":)"
              R"({"server":"https://api.example","tls-server-name":"inner","certificate-authority-data":"Y2E=",)"
              R"("config":{"audience":"shop"}},"interactive":false}})");
}

class ExecCredentialsTest : public testing::Test {
protected:
    static Target target() {
        Target target{.server = "https://api.example"};
        target.credentials.exec =
            ExecPlugin{.api_version = v1, .command = "login", .args = {"--quiet"}, .env = {{"REGION", "north"}}};
        return target;
    }

    Result<ExecCredential> get(Duration patience = 30s) {
        return world_.run(credentials_.current(world_.clock().now() + patience));
    }

    void play(Result<Exit> exit, Duration takes = {}) { process_.plays.push_back({std::move(exit), takes}); }
    void play_token(std::string token, Duration takes = {}) {
        play(prints(credential(fmt::format(R"({{"token":"{}"}})", token))), takes);
    }

    // Asks `askers` times at once; each has its own patience.
    std::vector<Result<ExecCredential>> ask_together(std::vector<Duration> askers) {
        std::vector<Result<ExecCredential>> got(askers.size(), fail(Errc::io, "not asked"));
        auto one = [](ExecCredentials& credentials, Deadline deadline, Result<ExecCredential>& into) -> Async<void> {
            into = co_await credentials.current(deadline);
        };
        auto all = [](TaskGroup& group) -> Async<void> { co_await group.join(); };
        TaskGroup group(world_.executor());
        for (std::size_t i = 0; i < askers.size(); ++i) {
            group.spawn(one(credentials_, world_.clock().now() + askers[i], got[i]));
        }
        world_.run(all(group));
        return got;
    }

    world::World world_;
    PlayedProcess process_{world_.clock()};
    ExecCredentials credentials_{target(), process_, world_.clock()};
};

TEST_F(ExecCredentialsTest, ThePluginGetsItsArgumentsItsVariablesAndTheRequest) {
    play_token("t");
    ASSERT_TRUE(get());
    auto const& command = process_.commands.at(0);
    EXPECT_EQ(command.argv, (std::vector<std::string>{"login", "--quiet"}));
    std::vector<std::pair<std::string, std::string>> const want{{"REGION", "north"},
                                                                {"KUBERNETES_EXEC_INFO", exec_info(target())}};
    EXPECT_EQ(command.env, want);
    EXPECT_TRUE(command.input.empty());
}

TEST_F(ExecCredentialsTest, WithoutAnExpiryOneRunServesUntilItIsRejected) {
    play_token("first");
    play_token("second");
    EXPECT_EQ(get()->token, "first");
    world_.pass(std::chrono::days(30));
    auto const again = get();
    EXPECT_EQ(again->token, "first");
    credentials_.reject(again->run);
    EXPECT_EQ(get()->token, "second");
    credentials_.reject(again->run);  // somebody who learnt late that the first one is no good
    EXPECT_EQ(get()->token, "second");
    EXPECT_EQ(process_.commands.size(), 2u);
}

TEST_F(ExecCredentialsTest, AnExpiryIsKeptToTheSecond) {
    play(prints(credential(R"({"token":"first","expirationTimestamp":"2026-01-01T00:10:00Z"})")));
    play_token("second");
    EXPECT_EQ(get()->token, "first");
    world_.pass(10min - 1s);
    EXPECT_EQ(get()->token, "first");
    world_.pass(1s);
    EXPECT_EQ(get()->token, "second");
}

TEST_F(ExecCredentialsTest, ManyWhoAskAtOnceShareOneRun) {
    play_token("t", 2s);
    for (auto const& got : ask_together(std::vector<Duration>(50, 30s))) {
        ASSERT_TRUE(got) << got.error().text();
        EXPECT_EQ(got->token, "t");
    }
    EXPECT_EQ(process_.commands.size(), 1u);
    EXPECT_EQ(world_.elapsed(), 2s);
}

TEST_F(ExecCredentialsTest, ARunThatBringsExpiredCredentialsIsSharedToo) {
    play(prints(credential(R"({"token":"late","expirationTimestamp":"2025-01-01T00:00:00Z"})")), 1s);
    for (auto const& got : ask_together({30s, 30s, 30s})) EXPECT_EQ(got->token, "late");
    EXPECT_EQ(process_.commands.size(), 1u);
}

TEST_F(ExecCredentialsTest, AFailureIsSharedByThoseWhoWaitedAndNotKept) {
    play(Exit{.code = 1, .errors = "no network"}, 1s);
    for (auto const& got : ask_together({30s, 30s, 30s})) {
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error(), Error(Errc::denied, "credential plugin login: failed with exit code 1: no network"));
    }
    play_token("t");
    EXPECT_EQ(get()->token, "t");
    EXPECT_EQ(process_.commands.size(), 2u);
}

TEST_F(ExecCredentialsTest, OneWhoRunsOutOfTimeTakesNobodyElseWithHim) {
    play_token("never", 1h);
    play_token("t", 1s);
    auto const got = ask_together({5s, 30s, 30s});
    ASSERT_FALSE(got[0]);
    EXPECT_EQ(got[0].error(), Error(Errc::timed_out, "credential plugin login: did not answer in time and was killed"));
    ASSERT_TRUE(got[1]) << got[1].error().text();
    ASSERT_TRUE(got[2]) << got[2].error().text();
    EXPECT_EQ(process_.commands.size(), 2u);
    EXPECT_EQ(process_.most_running, 1);
    EXPECT_EQ(world_.elapsed(), 6s);
}

TEST_F(ExecCredentialsTest, OneWhoOnlyWaitsLeavesAtHisDeadline) {
    play_token("t", 20s);
    auto const got = ask_together({30s, 5s});
    EXPECT_TRUE(got[0]);
    ASSERT_FALSE(got[1]);
    EXPECT_EQ(got[1].error(), Error(Errc::timed_out, "credential plugin login: timed out"));
}

TEST_F(ExecCredentialsTest, APluginHasAMinuteEvenIfTheRequestHasAnHour) {
    play_token("t", 2h);
    EXPECT_EQ(get(1h).error().code(), Errc::timed_out);
    EXPECT_EQ(world_.elapsed(), 1min);
}

TEST_F(ExecCredentialsTest, CancellingTheOneWhoRunsItLetsTheNextOneRun) {
    play_token("never", 1h);
    play_token("t", 1s);
    auto main = [](world::World& world, ExecCredentials& credentials, Result<ExecCredential>& into) -> Async<void> {
        auto one = [](ExecCredentials& from, Deadline deadline, Result<ExecCredential>& got) -> Async<void> {
            got = co_await from.current(deadline);
        };
        Result<ExecCredential> lost = fail(Errc::io, "cancelled");
        TaskGroup first(world.executor());
        TaskGroup second(world.executor());
        first.spawn(one(credentials, no_deadline, lost));
        co_await world.clock().sleep_for(1s);
        second.spawn(one(credentials, no_deadline, into));
        co_await world.clock().sleep_for(1s);
        co_await first.stop();
        co_await second.join();
        EXPECT_EQ(lost.error().text(), "cancelled");
    };
    Result<ExecCredential> got = fail(Errc::io, "not asked");
    world_.run(main(world_, credentials_, got));
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->token, "t");
}

TEST_F(ExecCredentialsTest, WhatThePluginSaysIsQuotedWithoutSecretsOnOneLineAndNotAtLength) {
    auto const noise = std::string(5000, 'x') + "\n";
    play(Exit{.code = 7, .errors = noise + "token=hunter2 refused:\x1b[31m\r\n\tlog in again\n"});
    auto const text = get().error().text();
    EXPECT_THAT(text, HasSubstr("failed with exit code 7: ..."));
    EXPECT_THAT(text, HasSubstr("log in again"));
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
    EXPECT_THAT(text, Not(HasSubstr("\n")));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_LT(text.size(), 400u);
}

TEST_F(ExecCredentialsTest, APluginThatIsNotThereComesWithItsHint) {
    auto with_hint = target();
    with_hint.credentials.exec->install_hint = "Ask the platform team\nfor it.";
    ExecCredentials credentials(with_hint, process_, world_.clock());
    play(fail(Errc::not_found, "login: no such program in PATH"));
    auto const got = world_.run(credentials.current(no_deadline));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), Error(Errc::invalid_input,
                                 "credential plugin login: is not installed, or not in PATH; Ask "
                                 "the platform team for it."));
}

TEST_F(ExecCredentialsTest, OtherWaysToFailAreNamed) {
    struct Row {
        Result<Exit> exit;
        Error want;
    };
    std::string const name = "credential plugin login: ";
    for (auto const& row : {
             Row{Exit{.code = 137, .signal = 9}, {Errc::denied, name + "was killed by signal 9 and said nothing"}},
             Row{fail(Errc::denied, "login: not executable by us"),
                 {Errc::denied, name + "login: not executable by us"}},
             Row{prints(std::string(1024 * 1024, ' ')),
                 {Errc::invalid_input, name + "printed more than 1048576 bytes"}},
             Row{prints("hunter2"), {Errc::invalid_input, name + "it printed no ExecCredential"}},
         }) {
        SCOPED_TRACE(row.want.text());
        play(row.exit);
        auto const got = get();
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error(), row.want);
    }
}

TEST_F(ExecCredentialsTest, APluginThatMustAskQuestionsIsNotStarted) {
    auto asking = target();
    asking.credentials.exec->needs_terminal = true;
    ExecCredentials credentials(asking, process_, world_.clock());
    auto const got = world_.run(credentials.current(no_deadline));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::invalid_input);
    EXPECT_THAT(got.error().text(), HasSubstr("interactiveMode: Always"));
    EXPECT_TRUE(process_.commands.empty());
}

}  // namespace
}  // namespace vedette::kube
