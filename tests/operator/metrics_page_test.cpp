// docs/metrics.md against what the program registers.

#include "kube/memory_files.hpp"
#include "kube/scripted_api.hpp"
#include "operator/counted_api.hpp"
#include "operator/endpoints.hpp"
#include "operator/metrics.hpp"
#include "telemetry/process_metrics.hpp"
#include "world/world.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <set>

namespace vedette::op {
namespace {

TEST(MetricsPage, ListsEveryFamilyWithItsTypeAndLabelsAndNoOther) {
    world::World world;
    metrics::Registry registry;
    OperatorMetrics const own(registry, world.clock());
    telemetry::ProcessMetrics const process(registry, world.clock());
    kube::ScriptedApi inner({});
    CountedApi api(inner, registry, "api:6443");
    kube::MemoryFiles files;
    auto const endpoints = Endpoints::open({.executor = world.executor(),
                                            .clock = world.clock(),
                                            .files = files,
                                            .registry = registry,
                                            .client = kube::Client(api, world.clock(), world.random()),
                                            .listen = {},
                                            .warn = {}},
                                           {.probe_address = "0", .metrics_address = "0"});
    ASSERT_TRUE(endpoints) << endpoints.error().text();
    std::set<std::string> in_code;
    for (auto const* family = registry.next(""); family; family = registry.next(family->definition().name)) {
        std::string labels;
        for (auto const& label : family->definition().labels) {
            labels += fmt::format("{}`{}`", labels.empty() ? " " : ", ", label);
        }
        in_code.insert(
            fmt::format("| `{}` | {} |{} |", family->definition().name, metrics::to_string(family->type()), labels));
    }
    std::set<std::string> in_document;
    std::ifstream document(TEST_SOURCE_DIR "/../../docs/metrics.md");
    std::regex const row(R"(^\| `[a-z_]+` \| (counter|gauge|histogram) \| [^|]*\|)");
    for (std::string line; std::getline(document, line);) {
        std::smatch found;
        if (std::regex_search(line, found, row)) in_document.insert(found.str());
    }
    EXPECT_THAT(in_document, testing::ContainerEq(in_code));
}

}  // namespace
}  // namespace vedette::op
