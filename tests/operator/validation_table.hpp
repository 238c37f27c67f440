#pragma once
// testdata/validation/table.yaml: what the operator and the policies of deploy/operator/validation.yaml say of the same
// HealthChecks. Read by the tests of both sides, so that neither changes alone.

#include "base/json.hpp"
#include "base/yaml.hpp"
#include "kube/fake/patch.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace vedette {

struct ValidationRow {
    boost::json::object spec;
    std::string refused;                ///< the message of the policy that refuses it; empty: none does
    std::string warned;                 ///< likewise of the one that warns
    std::string only;                   ///< why the operator alone can tell; empty: the policies can
    std::vector<std::string> problems;  ///< the operator's: "error spec.level LevelInvalid", "stops ...", "warning ..."
};

/// Throws where the file cannot be read.
inline std::vector<ValidationRow> validation_table(std::filesystem::path const& operator_tests) {
    std::ifstream file(operator_tests / "testdata/validation/table.yaml");
    std::string const text{std::istreambuf_iterator<char>(file), {}};
    auto const parsed = parse_yaml(text, "table.yaml");
    if (!parsed) throw std::runtime_error(parsed.error().text());
    auto const table = to_json(*parsed);
    std::vector<ValidationRow> rows;
    for (auto const& each : table.at("rows").as_array()) {
        boost::json::value spec = table.at("bases").at(get_string(each, "base"));
        if (auto const* change = find(each, "change")) spec = kube::fake::merge_patch(std::move(spec), *change);
        ValidationRow row{.spec = spec.as_object(),
                          .refused = get_string(each, "refused"),
                          .warned = get_string(each, "warned"),
                          .only = get_string(each, "only")};
        if (auto const* problems = find(each, "operator")) {
            for (auto const& problem : problems->as_array()) row.problems.emplace_back(problem.as_string());
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace vedette
