#include "cluster/cluster.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace vedette::cluster {
namespace {

std::string variable(char const* name) {
    char const* value = std::getenv(name);
    if (!value)
        throw std::runtime_error(fmt::format("{} is not set: run this through tests/cluster/with-cluster", name));
    return value;
}

std::string temporary_file(std::string const& content) {
    auto path = fmt::format("{}/vedette-cluster-XXXXXX", variable("VEDETTE_CLUSTER_RUN"));
    int const file = ::mkstemp(path.data());
    if (file < 0) throw std::runtime_error("cannot make a temporary file");
    ::close(file);
    std::ofstream(path) << content;
    return path;
}

std::string suite_for(std::string const& ns) {
    std::string text = fmt::format("defaults: {{namespaces: [{}], min_age: 1s}}\nchecks:\n", ns);
    for (auto const* type : {"deployments-available", "statefulsets-ready", "daemonsets-ready", "pods-crashloop",
                             "pods-not-ready", "pods-unschedulable", "pods-image-pull", "pods-config-error", "pods-oom",
                             "jobs-failed", "pvc-bound", "service-endpoints", "resource-quota"}) {
        fmt::format_to(std::back_inserter(text), "- type: {}\n", type);
        if (std::string_view(type) == "pods-crashloop") text += "  with: {min_restarts: 1}\n";
    }
    return text;
}

}  // namespace

Output run(std::string const& command) {
    auto* pipe = ::popen(command.c_str(), "r");
    if (!pipe) throw std::runtime_error("popen failed");
    Output output;
    char buffer[4096];
    while (auto const got = std::fread(buffer, 1, sizeof buffer, pipe)) output.text.append(buffer, got);
    auto const status = ::pclose(pipe);
    output.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return output;
}

std::string kubectl(std::string const& arguments, std::string const& input) {
    auto const file = input.empty() ? std::string("/dev/null") : temporary_file(input);
    auto const output = run(fmt::format("kubectl {} < {}", arguments, file));
    if (!input.empty()) std::remove(file.c_str());
    EXPECT_EQ(output.code, 0) << "kubectl " << arguments;
    return output.text;
}

boost::json::object check_json(std::string const& arguments) {
    auto const output = run(fmt::format("{} check -o json {}", variable("VEDETTE_BIN"), arguments));
    EXPECT_TRUE(output.code == 0 || output.code == 1)
        << "exit code " << output.code << " of vedette check " << arguments;
    boost::system::error_code error;
    auto document = boost::json::parse(output.text, error);
    EXPECT_FALSE(error) << output.text;
    return error ? boost::json::object{{"checks", boost::json::array{}}} : document.as_object();
}

boost::json::object const& entry(boost::json::object const& document, std::string_view name) {
    for (auto const& check : document.at("checks").as_array()) {
        if (check.at("name").as_string() == name) return check.as_object();
    }
    throw std::runtime_error(fmt::format("the document has no check {}", name));
}

std::string status_of(boost::json::object const& document, std::string_view name) {
    return std::string(entry(document, name).at("status").as_string());
}

bool eventually(std::chrono::seconds limit, std::function<bool()> const& condition) {
    auto const end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    return true;
}

Namespace::Namespace() {
    static int count = 0;
    name_ = fmt::format("test-{}-{}", ::getpid(), ++count);
    kubectl("create namespace " + name_);
    suite_ = temporary_file(suite_for(name_));
    // Pods need the account that a controller makes a moment later.
    EXPECT_TRUE(eventually(std::chrono::seconds(30), [this] {
        return run(fmt::format("kubectl -n {} get serviceaccount default 2>/dev/null", name_)).code == 0;
    }));
}

Namespace::~Namespace() {
    std::remove(suite_.c_str());
    run(fmt::format("kubectl delete namespace {} --wait=false >/dev/null", name_));
}

void Namespace::apply(std::string const& yaml) const {
    kubectl(fmt::format("-n {} apply -f -", name_), yaml);
}

std::string busybox() {
    return variable("BUSYBOX_IMAGE");
}

}  // namespace vedette::cluster
