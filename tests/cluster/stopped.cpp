#include "cluster/stopped.hpp"

#include "cluster/cluster.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

namespace vedette::cluster {
namespace {

pid_t pid_of(std::string const& program) {
    pid_t pid = 0;
    std::ifstream(variable("VEDETTE_CLUSTER_RUN") + "/pids/" + program) >> pid;
    EXPECT_GT(pid, 0) << program;
    return pid;
}

// A zombie has no command line any more.
bool has_ended(pid_t pid) {
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/cmdline"), line);
    return line.empty();
}

}  // namespace

Stopped::Stopped(std::string program) : program_(std::move(program)), pid_(pid_of(program_)) {
    EXPECT_EQ(run(CLUSTER_SOURCE_DIR "/halt STOP " + program_).code, 0) << program_;
}

Stopped::~Stopped() {
    resume();
}

void Stopped::resume() {
    if (stopped_ && pid_ > 0 && !has_ended(pid_)) ::kill(pid_, SIGCONT);
    stopped_ = false;
}

void restart(std::string const& program) {
    EXPECT_EQ(run(CLUSTER_SOURCE_DIR "/restart " + program).code, 0) << program;
}

void revive(std::string const& program) {
    if (has_ended(pid_of(program))) restart(program);
}

void revive_controllers() {
    File const suite(
        "checks: [{type: leader-leases, with: {leases: [kube-controller-manager, kube-scheduler], max_age: 5s}}]\n");
    EXPECT_TRUE(eventually([&] {
        for (auto const* program : {"kube-controller-manager", "kube-scheduler"}) revive(program);
        return status_of(check_json("--suite " + suite.path()), "leader-leases") == "ok";
    }));
}

}  // namespace vedette::cluster
