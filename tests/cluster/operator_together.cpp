#include "cluster/operator_together.hpp"

#include "cluster/cluster.hpp"
#include "cluster/operator_program.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <memory>

namespace vedette::cluster {
namespace {

// Where no suite comes that ends it, the end of the cluster does.
std::unique_ptr<Operator>& the_operator() {
    static auto& one = *new std::unique_ptr<Operator>;
    return one;
}

}  // namespace

char const* source_folder() {
    static auto const folder = variable("VEDETTE_CLUSTER_RUN") + "/workflows";
    return folder.c_str();
}

Operator& common_operator() {
    auto& one = the_operator();
    if (one) return *one;
    std::filesystem::create_directory(source_folder());
    // The limit is for those who share the machine.
    one = std::make_unique<Operator>(
        OperatorOptions{.flags = std::string("--max-running-workflows=10 --source-dir=") + source_folder()});
    begin_examples();
    begin_life();
    begin_bad_input();
    return *one;
}

void end_common_operator() {
    auto& one = the_operator();
    if (!one) return;
    EXPECT_THAT(one->log(), testing::Not(testing::HasSubstr("activemonitor-controller-sa\" cannot")))
        << "install.yaml gives it too little";
    EXPECT_TRUE(eventually([&] { return one->answers("/healthz"); }));
    one.reset();
    std::filesystem::remove_all(source_folder());
}

}  // namespace vedette::cluster
