#include "kube/conformance/table.hpp"

namespace vedette::kube::conformance {

std::vector<Scenario> const& scenarios() {
    static std::vector<Scenario> const all = [] {
        std::vector<Scenario> joined;
        for (auto const& part : {object_scenarios(), patch_scenarios(), deletion_scenarios(), list_scenarios(),
                                 watch_scenarios(), server_scenarios()}) {
            joined.insert(joined.end(), part.begin(), part.end());
        }
        return joined;
    }();
    return all;
}

}  // namespace vedette::kube::conformance
