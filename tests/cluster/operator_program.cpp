#include "cluster/operator_program.hpp"

#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <vector>

namespace vedette::cluster {
namespace {

std::string content(std::string const& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// Of install.yaml everything that is not a program: what stands between its document marks and is of these kinds.
std::string rights() {
    auto text = content(VEDETTE_DEPLOY_DIR "/operator/install.yaml");
    EXPECT_FALSE(text.empty());
    std::string kept;
    for (std::size_t at = 0; at < text.size();) {
        auto const end = std::min(text.find("\n---\n", at), text.size());
        auto const document = text.substr(at, end - at);
        bool const is_right = document.find("\nkind: ServiceAccount\n") != std::string::npos ||
                              document.find("rbac.authorization.k8s.io/v1\n") != std::string::npos;
        if (is_right) kept += "---\n" + document + "\n";
        at = end + std::string_view("\n---\n").size();
    }
    return kept;
}

// The operator's own account, as its pod would have it.
std::string kubeconfig() {
    static File const file = [] {
        auto const run_folder = variable("VEDETTE_CLUSTER_RUN");
        return File(fmt::format(R"(apiVersion: v1
kind: Config
current-context: operator
clusters:
- name: cluster
  cluster: {{server: "{}", certificate-authority: {}/pki/ca.crt}}
users:
- name: operator
  user: {{token: {}}}
contexts:
- name: operator
  context: {{cluster: cluster, user: operator, namespace: health}}
)",
                                variable("SERVER"), run_folder,
                                kubectl("-n health create token activemonitor-controller-sa --duration=4h")));
    }();
    return file.path();
}

// The body of an answer of 200, else nothing.
std::string fetch(int port, std::string const& path) {
    auto const answer =
        run(fmt::format("timeout 30 bash -c 'exec 3<>/dev/tcp/{}/{} && printf \"GET {} HTTP/1.1\\r\\nHost: "
                        "operator\\r\\nConnection: close\\r\\n\\r\\n\" >&3 && cat <&3' 2>/dev/null",
                        variable("NODE_IP"), port, path))
            .text;
    auto const body = answer.find("\r\n\r\n");
    return answer.starts_with("HTTP/1.1 200 ") && body != std::string::npos ? answer.substr(body + 4) : "";
}

// Waits until nothing of a process that has ended is in the run's control groups: until then one of its threads may
// hold its ports, and `launch` takes it for one that runs.
bool has_left_the_run(int pid) {
    File const script(
        fmt::format(". {0}/run.sh\nname_run \"$VEDETTE_CLUSTER_RUN\"\n"
                    "while is_of_run {1} || processes_of_run | grep -qx {1}; do sleep 0.02; done\n",
                    CLUSTER_SOURCE_DIR, pid));
    return run("timeout 180 bash " + script.path()).code == 0;
}

std::vector<Operator const*>& operators() {
    static std::vector<Operator const*> all;
    return all;
}

}  // namespace

std::string log_of_a_crash() {
    for (auto const* each : operators()) {
        if (each->meant_to_run_ && !each->running()) return each->log();
    }
    return "";
}

void install_operator() {
    [[maybe_unused]] static bool const once = [] {
        run("kubectl create namespace health >/dev/null 2>&1");  // Argo's installation has made it, where there is one
        kubectl("apply --server-side -f " VEDETTE_DEPLOY_DIR "/operator/crd.yaml >/dev/null");
        wait_for_resource();
        kubectl("apply --server-side -f - >/dev/null", rights());
        EXPECT_TRUE(eventually([] {
            return try_kubectl(
                       "auth can-i list healthchecks.activemonitor.keikoproj.io -A "
                       "--as=system:serviceaccount:health:activemonitor-controller-sa") == "yes\n";
        })) << "its account has no rights";
        return true;
    }();
}

Operator::Operator(OperatorOptions options) : options_(std::move(options)) {
    install_operator();
    operators().push_back(this);
    start();
}

Operator::~Operator() {
    if (meant_to_run_) stop();
    std::erase(operators(), this);
}

void Operator::start() {
    auto const command = fmt::format(CLUSTER_SOURCE_DIR
                                     "/launch {} {} operator --kubeconfig={} --namespace=health "
                                     "--metrics-bind-address=:{} --health-probe-bind-address=:{} {}",
                                     options_.name, variable("VEDETTE_BIN"), kubeconfig(), options_.metrics_port,
                                     options_.probe_port, options_.flags);
    EXPECT_EQ(run(command).code, 0) << command;
    meant_to_run_ = true;
    auto const* const probe = options_.acts ? "/readyz" : "/healthz";
    EXPECT_TRUE(eventually([&] { return answers(probe); })) << log();
}

int Operator::pid() const {
    int pid = 0;
    std::ifstream(variable("VEDETTE_CLUSTER_RUN") + "/pids/" + options_.name) >> pid;
    return pid;
}

// A zombie has no command line any more.
bool Operator::running() const {
    return pid() > 0 && !content(fmt::format("/proc/{}/cmdline", pid())).empty();
}

bool Operator::ends_by(int signal) {
    EXPECT_TRUE(running()) << log();
    meant_to_run_ = false;
    if (running()) ::kill(pid(), signal);
    return eventually([this] { return !running(); }) && has_left_the_run(pid());
}

void Operator::kill() {
    EXPECT_TRUE(ends_by(SIGKILL));
}

void Operator::stop() {
    EXPECT_TRUE(ends_by(SIGTERM)) << "SIGTERM does not end it";
    if (running()) kill();
}

bool Operator::answers(std::string const& path) const {
    return !fetch(options_.probe_port, path).empty();
}

std::string Operator::metrics() const {
    return fetch(options_.metrics_port, "/metrics");
}

std::string Operator::metric(std::string const& series) const {
    std::istringstream lines(metrics());
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(series)) return line.substr(line.rfind(' ') + 1);
    }
    return "";
}

std::string Operator::log() const {
    return content(variable("VEDETTE_CLUSTER_RUN") + "/logs/" + options_.name + ".log");
}

}  // namespace vedette::cluster
