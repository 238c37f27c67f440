#include "cluster/operator_reader.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <sstream>

namespace vedette::cluster {
namespace {

constexpr auto repository = "vedette.test/operator";

std::string content(std::string const& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_FALSE(text.str().empty()) << path;
    return text.str();
}

void replace(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

// "0.1.0": of the image that install.yaml names, and so the chart.
std::string version() {
    auto const text = content(VEDETTE_DEPLOY_DIR "/operator/install.yaml");
    constexpr std::string_view key = "image: vedette:";
    auto const at = text.find(key);
    EXPECT_NE(at, std::string::npos) << "install.yaml names no image";
    return text.substr(at + key.size(), text.find_first_of(" \n", at + key.size()) - at - key.size());
}

std::string blocks_of(std::string_view page, std::string_view heading) {
    std::istringstream lines(content(fmt::format("{}/../../docs/{}", CLUSTER_SOURCE_DIR, page)));
    std::string blocks;
    bool in_section = false;
    bool in_block = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("## ")) in_section = line == fmt::format("## {}", heading);
        if (in_block && line == "```") in_block = false;
        if (in_block) blocks += line + "\n";
        if (in_section && line == "```sh") in_block = true;
    }
    EXPECT_FALSE(blocks.empty()) << page << " has no commands under " << heading;
    return blocks;
}

}  // namespace

void import_operator_image() {
    [[maybe_unused]] static bool const once = [] {
        auto const archive = variable("VEDETTE_CLUSTER_RUN") + "/vedette.tar";
        auto const made = run(fmt::format("{}/../../tools/image --program {} --name {}:1 --output {} 2>&1",
                                          CLUSTER_SOURCE_DIR, variable("VEDETTE_BIN"), repository, archive));
        EXPECT_EQ(made.code, 0) << made.text;
        File const script(fmt::format(
            ". {}/run.sh\nname_run \"$VEDETTE_CLUSTER_RUN\"\nimport_image {}\n"
            "ctr --address=\"$run/containerd.sock\" --namespace=k8s.io image tag --force {}:1 {}:{} >/dev/null\n",
            CLUSTER_SOURCE_DIR, archive, repository, repository, version()));
        EXPECT_EQ(run("bash -e " + script.path()).code, 0);
        return true;
    }();
}

Reader::Reader() : folder_(variable("VEDETTE_CLUSTER_RUN") + "/reader") {
    import_operator_image();
    cluster::run(fmt::format("rm -rf {0} && mkdir {0} && cp -r {1} {0}/deploy", folder_, VEDETTE_DEPLOY_DIR));
    auto manifest = content(file("deploy/operator/install.yaml"));
    replace(manifest, "image: vedette:", fmt::format("image: {}:", repository));
    write("deploy/operator/install.yaml", manifest);
}

std::string Reader::file(std::string_view name) const {
    return fmt::format("{}/{}", folder_, name);
}

void Reader::write(std::string_view name, std::string const& text) const {
    std::ofstream(file(name)) << text;
}

std::string Reader::follow(std::string_view page, std::string_view heading) const {
    auto commands = blocks_of(page, heading);
    replace(commands, "registry.example/vedette", repository);
    SCOPED_TRACE(fmt::format("docs/{}, {}:\n{}", page, heading, commands));
    return run(commands);
}

std::string Reader::run(std::string const& command) const {
    auto const program = variable("VEDETTE_BIN");
    File const script(fmt::format("set -euo pipefail\nPATH={}:$PATH\ncd {}\n{}", program.substr(0, program.rfind('/')),
                                  folder_, command));
    auto const output = cluster::run(fmt::format("bash {} 2>&1", script.path()));
    EXPECT_EQ(output.code, 0) << output.text;
    return output.text;
}

void StepByStep::SetUp() {
    auto const* suite = testing::UnitTest::GetInstance()->current_test_suite()->name();
    if (broken_ == suite) GTEST_SKIP() << "the step before has left nothing to go on from";
}

void StepByStep::TearDown() {
    if (!HasFailure()) return;
    broken_ = testing::UnitTest::GetInstance()->current_test_suite()->name();
    std::cerr << vedette::cluster::run(
                     "kubectl -n health get pods 2>&1; for pod in $(kubectl -n health get pods -o name);"
                     " do kubectl -n health logs --prefix --tail=30 $pod 2>&1; done")
                     .text;
}

void start_afresh() {
    kubectl("delete crd healthchecks.activemonitor.keikoproj.io --ignore-not-found --timeout=180s >/dev/null");
    kubectl("-n health delete lease 689451f8.keikoproj.io --ignore-not-found >/dev/null");
    kubectl("label namespace health pod-security.kubernetes.io/enforce- >/dev/null");
}

}  // namespace vedette::cluster
