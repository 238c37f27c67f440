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

std::vector<std::string> built_in_types() {
    std::vector<std::string> names;
    for (auto const& check : check_json("").at("checks").as_array()) {
        names.emplace_back(check.at("type").as_string());
    }
    return names;
}

Tuning const& usual_tuning() {
    static Tuning const tuning{
        {"pods-crashloop", "with: {min_restarts: 1}"},
        {"pods-not-ready", "with: {pending_min_age: 1s}"},
        {"daemonsets-ready", "with: {scheduling_min_age: 1s}"},
        {"pv-phase", "with: {released_max_age: 1s}"},
        // The namespaces of earlier tests take their time to go, and builds beside us theirs from the API server.
        {"namespaces-terminating", "min_age: 30m"},
        {"apiserver-latency", "with: {warning: 8s, critical: 9s}"},
    };
    return tuning;
}

std::string next_name() {
    static int count = 0;
    return fmt::format("test-{}-{}", ::getpid(), ++count);
}

}  // namespace

std::string variable(char const* name) {
    char const* value = std::getenv(name);
    if (!value)
        throw std::runtime_error(fmt::format("{} is not set: run this through tests/cluster/with-cluster", name));
    return value;
}

File::File(std::string const& content) : path_(variable("VEDETTE_CLUSTER_RUN") + "/vedette-cluster-XXXXXX") {
    int const file = ::mkstemp(path_.data());
    if (file < 0) throw std::runtime_error("cannot make a temporary file");
    ::close(file);
    std::ofstream(path_) << content;
}

File::~File() {
    std::remove(path_.c_str());
}

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
    std::optional<File> file;
    if (!input.empty()) file.emplace(input);
    auto const output = run(fmt::format("kubectl {} < {}", arguments, file ? file->path() : "/dev/null"));
    EXPECT_EQ(output.code, 0) << "kubectl " << arguments;
    return output.text;
}

std::optional<std::string> try_kubectl(std::string const& arguments) {
    auto output = run("kubectl " + arguments + " 2>/dev/null </dev/null");
    if (output.code != 0) return std::nullopt;
    return std::move(output.text);
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

bool eventually(std::function<bool()> const& condition) {
    auto const end = std::chrono::steady_clock::now() + std::chrono::minutes(3);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    return true;
}

std::string suite_for(std::string const& ns, Tuning const& tuning) {
    static auto const types = built_in_types();
    std::string text = "defaults: {min_age: 1s}\nchecks:\n";
    for (auto const& type : types) {
        fmt::format_to(std::back_inserter(text), "- type: {}\n  namespaces: [{}]\n", type, ns);
        auto const own = tuning.find(type);
        auto const usual = usual_tuning().find(type);
        if (own != tuning.end()) {
            fmt::format_to(std::back_inserter(text), "  {}\n", own->second);
        } else if (usual != usual_tuning().end()) {
            fmt::format_to(std::back_inserter(text), "  {}\n", usual->second);
        }
    }
    return text;
}

void create_namespace(std::string const& name) {
    kubectl(fmt::format("create namespace {} >/dev/null", name));
    EXPECT_TRUE(
        eventually([&] { return try_kubectl(fmt::format("-n {} get serviceaccount default", name)).has_value(); }));
}

Namespace::Namespace(Tuning const& tuning) : name_(next_name()), suite_(suite_for(name_, tuning)) {
    create_namespace(name_);
}

Namespace::~Namespace() {
    run(fmt::format("kubectl delete namespace {} --wait=false >/dev/null", name_));
}

void Namespace::apply(std::string const& yaml) const {
    cluster::kubectl(fmt::format("-n {} apply -f -", name_), yaml);
}

std::string Namespace::kubectl(std::string const& arguments) const {
    return cluster::kubectl(fmt::format("-n {} {}", name_, arguments));
}

std::string busybox() {
    return variable("BUSYBOX_IMAGE");
}

}  // namespace vedette::cluster
