// Every example of deploy/operator/examples as it is in the tree, on real pods: applied together, asked one by one.
//
// What they lack here is put in their place: a name server, a web server inside the cluster, and the patience that so
// many at a time need on a slow machine.

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/manifest.hpp"
#include "cluster/operator_program.hpp"
#include "cluster/operator_together.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
    return text;
}

// The tenth and the first address of the service range, where everybody looks for the two.
std::string service_address(int number) {
    auto const range = variable("SERVICE_CIDR");
    return fmt::format("{}.{}", range.substr(0, range.rfind('.')), number);
}

bool succeeded(json::object const& check) {
    return get_string(check, "status.status") == "Succeeded";
}

std::map<std::string, Check>& examples() {
    static std::map<std::string, Check> all;
    return all;
}

Check const& example(std::string const& file) {
    return examples().at(file);
}

// It has run, and is over: the machine is for the others.
void done(Check const& check) {
    check.remove();
}

// The text of an example, with what is here in the place of what is elsewhere.
std::string text_of(std::string const& file) {
    std::ifstream in(std::string(VEDETTE_DEPLOY_DIR "/operator/examples/") + file);
    std::stringstream content;
    content << in.rdbuf();
    auto text = content.str();
    if (text.find("workflowtimeout:") == std::string::npos)
        text = replaced(text, "\n    generateName:", "\n    workflowtimeout: 300\n    generateName:");
    // Its next run may be a whole weekend away.
    if (file == "cron.yaml") return replaced(text, "workflowtimeout: 120", "workflowtimeout: 300");
    if (file == "file.yaml") return replaced(text, "/etc/vedette/workflows", source_folder());
    if (file == "checks.yaml")
        return replaced(text, "host: kubernetes.default.svc.cluster.local", "host: " + service_address(1));
    if (file == "url.yaml") {
        return replaced(text,
                        "https://raw.githubusercontent.com/argoproj/argo-workflows/main/examples/hello-world.yaml",
                        fmt::format("http://{}/hello.yaml", service_address(20)));
    }
    return text;
}

// Each example has one HealthCheck, except stress.yaml: what a remedy is to mend. TearDownTestSuite() takes them away.
void create(std::vector<std::string> const& files) {
    auto all = text_of("remedy/stress.yaml") + "\n";
    for (auto const& file : files) all += "---\n" + text_of(file) + "\n";
    auto const made = kubectl("create -o jsonpath='{.kind} {.metadata.namespace} {.metadata.name}{\"\\n\"}' -f -", all);
    std::istringstream lines(made);
    auto file = files.begin();
    for (std::string kind, ns, name; lines >> kind >> ns >> name;) {
        if (kind != "HealthCheck") continue;
        ASSERT_NE(file, files.end()) << made;
        examples().emplace(*file++, Check(ns, name));
    }
    EXPECT_EQ(file, files.end()) << made;
}

void serve_names_and_pages() {
    auto const program = std::filesystem::path(variable("VEDETTE_NAME_SERVER"));
    auto const names =
        fmt::format("kubernetes.default.svc.cluster.local {}\\nexample.org 192.0.2.7\\n", service_address(1));
    kubectl(
        "-n kube-system apply -f - >/dev/null",
        pod("names", fmt::format("printf '{}' >/names; exec /program/{} 53 /names", names, program.filename().string()),
            {.more = "    volumeMounts: [{name: program, mountPath: /program, readOnly: true}]\n",
             .of_pod = fmt::format("  volumes: [{{name: program, hostPath: {{path: {}}}}}]\n",
                                   program.parent_path().string())}) +
            fmt::format("---\napiVersion: v1\nkind: Service\nmetadata: {{name: kube-dns}}\nspec:\n"
                        "  clusterIP: {}\n  selector: {{app: names}}\n"
                        "  ports: [{{port: 53, protocol: UDP}}]\n",
                        service_address(10)) +
            fmt::format("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: pages}}\ndata:\n  hello.yaml: |\n    "
                        "{}",
                        replaced(workflow_of("echo hello"), "\n", "\n    ")) +
            "\n---\n" +
            pod("web", "exec httpd -f -p 8080 -h /www",
                {.more = "    volumeMounts: [{name: pages, mountPath: /www}]\n",
                 .of_pod = "  volumes: [{name: pages, configMap: {name: pages}}]\n"}) +
            fmt::format("---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  clusterIP: {}\n"
                        "  selector: {{app: web}}\n  ports: [{{port: 80, targetPort: 8080}}]\n",
                        service_address(20)));
    kubectl("-n kube-system wait pod --all --for=condition=Ready --timeout=180s >/dev/null");
}

class OperatorExamples : public testing::Test {
protected:
    static void SetUpTestSuite() { common_operator(); }
    static void TearDownTestSuite() {
        for (auto const& [file, check] : examples()) check.remove();
    }
};

TEST_F(OperatorExamples, HelloRunsAtOnceAndUnderTheNamesUsersKnow) {
    auto const& check = example("hello.yaml");
    auto const object = check.expect("the first run succeeded", succeeded);

    auto const runs = check.runs();
    ASSERT_FALSE(runs.empty());
    auto const& workflow = runs[0].object;
    EXPECT_TRUE(std::ranges::any_of(runs, [&](WorkflowRun const& each) {
        return each.name == get_string(object, "status.lastSuccessfulWorkflow") && each.phase == "Succeeded";
    }));
    expect_status_equals_the_workflows(check);
    EXPECT_THAT(runs[0].name, StartsWith("hello-"));
    EXPECT_EQ(get_string(workflow, "metadata.ownerReferences.0.kind"), "HealthCheck");
    EXPECT_EQ(get_string(workflow, "metadata.ownerReferences.0.apiVersion"), "activemonitor.keikoproj.io/v1alpha1");
    EXPECT_EQ(get_string(workflow, "spec.serviceAccountName"), "hello-check");

    auto const rbac = std::string("/apis/rbac.authorization.k8s.io/v1");
    EXPECT_FALSE(get(rbac + "/clusterroles/hello-check-cluster-role").empty());
    EXPECT_FALSE(get(rbac + "/clusterrolebindings/hello-check-cluster-role-binding").empty());
    auto const table = kubectl("get hc hello -n health");
    EXPECT_THAT(table, HasSubstr("LATEST STATUS"));
    EXPECT_THAT(table, HasSubstr("Succeeded"));
    done(check);
}

TEST_F(OperatorExamples, AnIntervalIsCountedFromTheEndOfTheRun) {
    auto const& check = example("hello-interval.yaml");
    check.expect("it succeeded and has a next run", [](json::object const& object) {
        return succeeded(object) && !get_string(object, "status.nextRunTime").empty();
    });
    done(check);
}

TEST_F(OperatorExamples, ALoopRunsOnceForEachItem) {
    auto const& check = example("loops.yaml");
    auto const object = check.expect("it succeeded", succeeded);
    auto const runs = check.runs();
    auto const run = std::ranges::find(runs, get_string(object, "status.lastSuccessfulWorkflow"), &WorkflowRun::name);
    ASSERT_NE(run, runs.end());
    auto const* nodes = find(run->object, "status.nodes");
    ASSERT_TRUE(nodes && nodes->is_object());
    int pods = 0;
    for (auto const& [id, node] : nodes->get_object()) pods += get_string(node, "type") == "Pod";
    EXPECT_EQ(pods, 3);
    expect_status_equals_the_workflows(check);
    done(check);
}

TEST_F(OperatorExamples, NamesCanBeLookedUpFromItsPod) {
    auto const& check = example("dns.yaml");
    check.expect("it succeeded", succeeded);
    done(check);
}

TEST_F(OperatorExamples, LevelNamespaceHandsOutARoleInItsNamespaceAndNothingElse) {
    auto const& check = example("namespace.yaml");
    check.expect("it succeeded", succeeded);
    auto const rbac = std::string("/apis/rbac.authorization.k8s.io/v1");
    EXPECT_FALSE(get(rbac + "/namespaces/test/roles/hello-namespace-check-ns-role").empty());
    EXPECT_FALSE(get(rbac + "/namespaces/test/rolebindings/hello-namespace-check-ns-role-binding").empty());
    EXPECT_TRUE(get(rbac + "/clusterroles/hello-namespace-check-cluster-role").empty());
    done(check);
}

TEST_F(OperatorExamples, APausedCheckIsStoppedAndMakesNoWorkflow) {
    for (auto const* file : {"paused.yaml", "unscheduled.yaml"}) {
        auto const& check = example(file);
        auto const object = check.expect(
            "it is Stopped", [](json::object const& each) { return get_string(each, "status.status") == "Stopped"; });
        EXPECT_THAT(get_string(object, "status.errorMessage"), HasSubstr("repeatAfterSec"));
        EXPECT_TRUE(check.runs().empty());
    }
    // To let it run, as its comment says.
    auto const& paused = example("paused.yaml");
    paused.patch(R"({"repeatAfterSec":60})");
    paused.expect("it succeeded", succeeded);
    done(paused);
}

TEST_F(OperatorExamples, TheTextMayComeFromAConfigMapAFileOrAUrl) {
    for (auto const* file : {"config-map.yaml", "file.yaml", "url.yaml"}) {
        SCOPED_TRACE(file);
        example(file).expect("it succeeded", succeeded);
        done(example(file));
    }
}

TEST_F(OperatorExamples, ChecksOfTheOperatorsOwnTakeNoWorkflow) {
    auto const& check = example("checks.yaml");
    check.expect("it succeeded", succeeded);
    EXPECT_TRUE(check.runs().empty());
    done(check);
}

TEST_F(OperatorExamples, ACronRunsOnceAtCreationAndThenByTheClock) {
    auto const& quarter = example("cron.yaml");
    auto const object = quarter.expect("it succeeded", succeeded);
    auto const next = get_string(object, "status.nextRunTime");
    ASSERT_GE(next.size(), 20U) << next;
    EXPECT_EQ(std::stoi(next.substr(14, 2)) % 15, 0) << next;
    EXPECT_EQ(next.substr(17, 2), "00") << next;
    done(quarter);
    auto const& minute = example("cron-every.yaml");
    minute.expect("it succeeded", succeeded);
    done(minute);
}

TEST_F(OperatorExamples, AFailureIsToldWithItsMessageAfterItsRetries) {
    auto const& check = example("fail.yaml");
    auto const object = check.expect(
        "it failed", [](json::object const& each) { return get_string(each, "status.status") == "Failed"; });
    EXPECT_FALSE(get_string(object, "status.errorMessage").empty());
    EXPECT_EQ(truth_of(object, "Degraded"), "True");
    auto const runs = check.runs();
    EXPECT_TRUE(std::ranges::any_of(runs, [&](WorkflowRun const& each) {
        return each.name == get_string(object, "status.lastFailedWorkflow") && each.phase == "Failed";
    }));
    EXPECT_EQ(get_int(object, "status.successCount").value_or(0), 0);
    expect_status_equals_the_workflows(check);
    done(check);
}

TEST_F(OperatorExamples, ARandomResultIsTheWorkflowsOwn) {
    auto const& check = example("random.yaml");
    auto const object = check.expect_booked(1);
    auto const runs = check.runs();
    auto const booked = std::ranges::find(
        runs, fmt::format("check-{}", get_int(object, "status.runNumber").value_or(0)), &WorkflowRun::id);
    ASSERT_NE(booked, runs.end());
    EXPECT_EQ(get_string(object, "status.status"), booked->phase);
    expect_status_equals_the_workflows(check);
    done(check);
}

TEST_F(OperatorExamples, ARemedyRunsWithItsOwnAccountAndRemovesItsRightsAgain) {
    auto const& check = example("remedy/memory.yaml");
    auto const object = check.expect("its remedy succeeded", [](json::object const& each) {
        return get_string(each, "status.remedyStatus") == "Succeeded";
    });
    EXPECT_EQ(get_string(object, "status.status"), "Failed");
    EXPECT_TRUE(eventually([&] {
        auto const runs = check.runs();
        return check.count("status.remedySuccessCount") == std::ranges::count_if(runs, [](auto const& each) {
                   return !each.of_check() && each.phase == "Succeeded";
               });
    })) << "each remedy that succeeded is booked once";
    expect_status_equals_the_workflows(check);
    EXPECT_TRUE(get("/api/v1/namespaces/health/pods/memory-demo").empty()) << "the remedy did nothing";
    EXPECT_TRUE(eventually([] {
        return get("/apis/rbac.authorization.k8s.io/v1/clusterroles/memory-remedy-cluster-role").empty();
    })) << "the remedy's rights are still there";
    done(check);
}

TEST_F(OperatorExamples, ARemedyNeverRunsAsTheAccountOfItsCheck) {
    auto const& check = example("remedy/memory-same-account.yaml");
    check.expect("its remedy was booked",
                 [](json::object const& each) { return get_int(each, "status.remedyTotalRuns").value_or(0) >= 1; });
    std::map<bool, std::string> accounts;
    for (auto const& each : check.runs()) {
        accounts[each.of_check()] = get_string(each.object, "spec.serviceAccountName");
    }
    EXPECT_EQ(accounts[true], "memory-both");
    EXPECT_EQ(accounts[false], "memory-both-remedy");
    done(check);
}

TEST_F(OperatorExamples, ACarefulRemedyDoesNotRunAtTheFirstFailure) {
    auto const& check = example("remedy/careful.yaml");
    check.expect("it failed", [](json::object const& each) { return get_string(each, "status.status") == "Failed"; });
    for (auto const& each : check.runs()) EXPECT_TRUE(each.of_check()) << each.id;
    done(check);
    example("remedy/limit.yaml").expect_booked(1);
    done(example("remedy/limit.yaml"));
}

TEST_F(OperatorExamples, QuickOnesAreRunAgainAndAgainAndTheirRemediesAreLimited) {
    auto const& backoff = example("backoff.yaml");
    auto const& quick = example("remedy/quick.yaml");
    auto const& in_a_namespace = example("remedy/namespace.yaml");
    backoff.expect_booked(2);
    quick.expect("its remedies are at their limit",
                 [](json::object const& each) { return reason_of(each, "Remediating") == "RemedyRunsLimit"; });
    auto const remedies = quick.remedies();
    EXPECT_GE(remedies.size(), 2U);
    for (std::size_t i = 2; i < remedies.size(); ++i) {
        auto const next_but_one = parse_rfc3339(remedies[i].created);
        auto const one = parse_rfc3339(remedies[i - 2].created);
        ASSERT_TRUE(one && next_but_one);
        EXPECT_GT(*next_but_one - *one, seconds(300)) << remedies[i].id << " is the third within five minutes";
    }
    in_a_namespace.expect("its remedy was booked", [](json::object const& each) {
        return get_int(each, "status.remedyTotalRuns").value_or(0) >= 1;
    });
    for (auto const* each : {&backoff, &quick, &in_a_namespace}) done(*each);
}

}  // namespace

void begin_examples() {
    kubectl("create namespace test >/dev/null");
    std::ofstream(source_folder() + std::string("/hello.yaml")) << workflow_of("echo hello");
    serve_names_and_pages();
    // Those with the most runs, one after the other, come first.
    create({"remedy/quick.yaml",
            "backoff.yaml",
            "remedy/memory.yaml",
            "remedy/memory-same-account.yaml",
            "remedy/namespace.yaml",
            "fail.yaml",
            "paused.yaml",
            "unscheduled.yaml",
            "hello.yaml",
            "hello-interval.yaml",
            "loops.yaml",
            "dns.yaml",
            "namespace.yaml",
            "config-map.yaml",
            "checks.yaml",
            "cron.yaml",
            "cron-every.yaml",
            "file.yaml",
            "url.yaml",
            "random.yaml",
            "remedy/limit.yaml",
            "remedy/careful.yaml"});
}

}  // namespace vedette::cluster
