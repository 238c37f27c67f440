// The machine as a transcript: every script in testdata/machine is a story of one HealthCheck.

#include "operator/machine_scene.hpp"

#include <algorithm>

namespace vedette::op {
namespace {

std::vector<std::filesystem::path> scripts() {
    std::vector<std::filesystem::path> paths;
    for (auto const& entry : std::filesystem::directory_iterator(TEST_SOURCE_DIR "/testdata/machine")) {
        paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    return paths;
}

std::string name_of(testing::TestParamInfo<std::filesystem::path> const& info) {
    return info.param.stem().string();
}

class MachineScript : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(MachineScript, SaysWhatItSaidBefore) {
    MachineScene scene;
    run_script(GetParam(), [&](Command const& command) { return scene.perform(command); });
}

INSTANTIATE_TEST_SUITE_P(testdata, MachineScript, testing::ValuesIn(scripts()), name_of);

}  // namespace
}  // namespace vedette::op
