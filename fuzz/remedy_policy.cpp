// The remedy policy: whatever stands in the ConfigMap is read whole, or stops every remedy and says why.

#include "operator/remedy_policy.hpp"

#include "base/json.hpp"
#include "kube/name_syntax.hpp"
#include "target.hpp"

namespace vedette::fuzz {
namespace {

// Whether a key that we know says "false" to remedies, whatever else stands there.
bool says_off(boost::json::value const& data, std::string_view key) {
    auto const* value = data.as_object().if_contains(key);
    return value && value->is_string() && value->get_string() == "false";
}

void round_trip(std::optional<op::RemedyBudget> const& budget) {
    if (budget) ensure(op::parse_remedy_budget(op::to_string(*budget)) == *budget, "a budget reads as it is written");
}

void round_trip(std::optional<op::RemedyPlaces> const& places) {
    if (!places) return;
    ensure(op::parse_remedy_places(op::to_string(*places)) == *places, "places read as they are written");
    ensure(places->of(0) >= 0 && places->of(1) <= places->of(1000), "more checks have no fewer places");
}

}  // namespace

void fuzz(std::string_view input) {
    auto const data = parse_json(input, "input");
    if (!observe(data)) return;
    std::vector<op::Problem> problems;
    auto const policy = op::read_remedy_policy({{"data", *data}}, &problems);
    for (auto const& problem : problems) {
        observe(problem.message);
        ensure(problem.message.size() <= 400, "a message is bounded");
        ensure(problem.message.starts_with("data"), "a message begins with its field");
    }
    bool const known = policy.state == op::RemedyPolicy::State::known;
    ensure(known == problems.empty(), "one slip makes all of it unreadable");
    ensure(known == policy.trouble.empty(), "what is unreadable says why");
    if (!known || !data->is_object()) return;
    ensure(!says_off(*data, "enabled") || !op::off_switch(policy, "any").empty(), "the kill switch kills");
    round_trip(policy.budget_per_cluster);
    round_trip(policy.budget_per_namespace);
    round_trip(policy.max_concurrent);
    observe("namespaces", policy.namespaces.size());
    for (auto const& [name, mine] : policy.namespaces) {
        ensure(kube::dns_label_faults(name).empty(), "a namespace may have that name");
        if (says_off(*data, "namespace." + name + ".enabled")) {
            ensure(!op::off_switch(policy, name).empty(), "a namespace's switch kills there");
        }
        round_trip(mine.budget);
        round_trip(mine.max_concurrent);
    }
}

}  // namespace vedette::fuzz
