// The network probes and exec against pods that really run: the host reaches pods and Services of the cluster.

#include "cluster/expect.hpp"
#include "cluster/manifest.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <optional>

namespace vedette::cluster {
namespace {

using testing::HasSubstr;

// A web server behind a Service and a name server, each in a pod; and one suite that probes them.
class RealProbes : public testing::Test {
protected:
    static void SetUpTestSuite() {
        namespace_.emplace();
        auto const program = variable("VEDETTE_NAME_SERVER");
        auto const folder = std::filesystem::path(program).parent_path().string();
        ns().apply(pod("shop",
                       "mkdir /www; echo hello from the shop >/www/index.html; touch /open; "
                       "exec httpd -f -p 8080 -h /www") +
                   service("shop", 8080) +
                   pod("names",
                       fmt::format("echo shop.test 192.0.2.7 >/names; exec /program/{} 53 /names",
                                   std::filesystem::path(program).filename().string()),
                       {.more = "    volumeMounts: [{name: program, mountPath: /program, readOnly: true}]\n",
                        .of_pod = fmt::format("  volumes: [{{name: program, hostPath: {{path: {}}}}}]\n", folder)}));
        ns().kubectl("wait pod --all --for=condition=Ready --timeout=180s");
        suite_.emplace(fmt::format(
            R"(checks:
- {{type: http, name: http-pod, with: {{url: 'http://{0}:8080/', match: hello}}, timeout: 1m}}
- {{type: http, name: http-service, with: {{url: 'http://{1}/', match: hello}}, timeout: 1m}}
- {{type: tcp, with: {{host: {1}, port: 80}}, timeout: 1m}}
- {{type: dns, with: {{name: shop.test, server: {2}, exact: [192.0.2.7]}}, timeout: 1m}}
- {{type: exec, with: {{command: [kubectl, -n, {3}, exec, shop, --, sh, -c, 'test -e /open && echo OPEN || (echo SHUT; exit 2)']}}, timeout: 1m}}
)",
            query("pod shop", ".status.podIP"), query("service shop", ".spec.clusterIP"),
            query("pod names", ".status.podIP"), ns().name()));
    }
    static void TearDownTestSuite() {
        suite_.reset();
        namespace_.reset();
    }

    static Namespace const& ns() { return *namespace_; }
    static std::string arguments() { return "--suite " + suite_->path(); }
    static std::string query(std::string const& object, std::string const& path) {
        return ns().kubectl(fmt::format("get {} -o jsonpath='{{{}}}'", object, path));
    }

private:
    static inline std::optional<Namespace> namespace_;
    static inline std::optional<File> suite_;
};

TEST_F(RealProbes, HttpNamesTheStatusThatAPodAndItsServiceAnswer) {
    auto const before = expect_well(arguments());
    EXPECT_THAT(message_of(before, "http-pod"), HasSubstr(":8080/ answered 200"));
    ns().kubectl("exec shop -- mv /www/index.html /www/moved.html");
    auto const document = expect_turns(arguments(), "http-pod", {"http-service"});
    EXPECT_EQ(status_of(document, "http-pod"), "critical");
    EXPECT_EQ(status_of(document, "http-service"), "critical");
    EXPECT_THAT(message_of(document, "http-service"), HasSubstr("answered 404, expected 2xx"));
    ns().kubectl("exec shop -- mv /www/moved.html /www/index.html");
    expect_well(arguments());
}

TEST_F(RealProbes, TcpIsRefusedWhereAServiceLeadsToAPortThatNobodyListensOn) {
    auto const lead_to = [](int port) {
        ns().kubectl(fmt::format(
            R"(patch service shop --type=json -p '[{{"op": "replace", "path": "/spec/ports/0/targetPort", "value": {}}}]')",
            port));
    };
    expect_well(arguments());
    lead_to(9);
    auto const document = expect_turns(arguments(), "tcp", {"http-service"});
    EXPECT_EQ(status_of(document, "tcp"), "critical");
    EXPECT_EQ(entry(document, "tcp").at("reason").as_string(), "ConnectFailed");
    EXPECT_THAT(message_of(document, "tcp"), HasSubstr("refused"));
    lead_to(8080);
    expect_well(arguments());
}

TEST_F(RealProbes, DnsSeesTheRecordThatChangedAndTheOneThatIsGone) {
    auto const before = expect_well(arguments());
    EXPECT_THAT(message_of(before, "dns"), HasSubstr("A shop.test answered 192.0.2.7"));
    ns().kubectl("exec names -- sh -c 'echo shop.test 192.0.2.8 >/names'");
    auto const moved = expect_turns(arguments(), "dns");
    EXPECT_EQ(status_of(moved, "dns"), "critical");
    EXPECT_THAT(message_of(moved, "dns"), HasSubstr("answered 192.0.2.8, expected 192.0.2.7"));
    ns().kubectl("exec names -- sh -c ': >/names'");
    auto const gone = expect_turns(arguments(), "dns");
    EXPECT_THAT(message_of(gone, "dns"), HasSubstr("answered NXDOMAIN, expected NOERROR"));
    ns().kubectl("exec names -- sh -c 'echo shop.test 192.0.2.7 >/names'");
    expect_well(arguments());
}

TEST_F(RealProbes, ExecIsJudgedByTheExitCodeOfAProgramInThePod) {
    auto const before = expect_well(arguments());
    EXPECT_THAT(message_of(before, "exec"), HasSubstr("OPEN"));
    ns().kubectl("exec shop -- rm /open");
    auto const document = expect_turns(arguments(), "exec");
    EXPECT_EQ(status_of(document, "exec"), "critical");
    EXPECT_THAT(message_of(document, "exec"), HasSubstr("SHUT"));
    ns().kubectl("exec shop -- touch /open");
    expect_well(arguments());
}

}  // namespace
}  // namespace vedette::cluster
