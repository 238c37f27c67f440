// Reading the policy. Every key is looked at even after the first that is wrong, so that one `kubectl describe` shows
// all that is to be mended; the policy itself holds for all or for nothing.

#include "operator/remedy_policy.hpp"

#include "base/duration.hpp"
#include "base/suggest.hpp"
#include "base/trim.hpp"
#include "kube/name_syntax.hpp"
#include "operator/bounded.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace vedette::op {
namespace {

namespace json = boost::json;

constexpr std::int64_t most_remedies = 1'000'000;
constexpr std::size_t longest_problem = 400;  // bytes: it quotes what the author wrote
constexpr std::size_t longest_name = 63;      // bytes of a namespace's
constexpr std::string_view namespace_prefix = "namespace.";

std::vector<std::string> const cluster_keys{"enabled", "dryRun", "budgetPerCluster", "budgetPerNamespace",
                                            "maxConcurrent"};
std::vector<std::string> const namespace_keys{"enabled", "dryRun", "budget", "maxConcurrent"};

Result<std::int64_t> parse_count(std::string_view text) {
    std::int64_t count = 0;
    auto const* const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data(), end, count);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end || count < 0 || count > most_remedies) {
        return fail(Errc::invalid_input, "\"{}\" is no count: write a whole number from 0 to {}", text, most_remedies);
    }
    return count;
}

Result<bool> parse_switch(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return fail(Errc::invalid_input, "\"{}\" is neither true nor false: write one of these", text);
}

// Assigns what was read, or says what is wrong.
template <class To, class From>
Result<void> take(To& to, Result<From> read) {
    if (!read) return pass(read);
    to = *std::move(read);
    return {};
}

Result<void> read_namespace_key(RemedyPolicy& policy, std::string_view rest, std::string_view text) {
    auto const dot = rest.find('.');
    auto const name = rest.substr(0, dot);
    auto const key = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    if (name.empty() || std::ranges::find(namespace_keys, key) == namespace_keys.end()) {
        return fail(Errc::invalid_input, "the key is unknown: after {}NAME. stands one of {}{}", namespace_prefix,
                    fmt::join(namespace_keys, ", "), did_you_mean(key, namespace_keys));
    }
    if (!kube::dns_label_faults(name).empty()) {
        return fail(Errc::invalid_input,
                    "\"{}\" is no name of a namespace: write {}NAME.{} with the name of one, which has lower case "
                    "letters, digits and dashes",
                    bounded(std::string(name), longest_name), namespace_prefix, key);
    }
    auto& mine = policy.namespaces[std::string(name)];
    if (key == "enabled") return take(mine.enabled, parse_switch(text));
    if (key == "dryRun") return take(mine.dry_run, parse_switch(text));
    if (key == "budget") return take(mine.budget, parse_remedy_budget(text));
    return take(mine.max_concurrent, parse_remedy_places(text));
}

Result<void> read_key(RemedyPolicy& policy, std::string_view key, std::string_view text) {
    if (key == "enabled") return take(policy.enabled, parse_switch(text));
    if (key == "dryRun") return take(policy.dry_run, parse_switch(text));
    if (key == "budgetPerCluster") return take(policy.budget_per_cluster, parse_remedy_budget(text));
    if (key == "budgetPerNamespace") return take(policy.budget_per_namespace, parse_remedy_budget(text));
    if (key == "maxConcurrent") return take(policy.max_concurrent, parse_remedy_places(text));
    if (key.starts_with(namespace_prefix)) return read_namespace_key(policy, key.substr(namespace_prefix.size()), text);
    return fail(Errc::invalid_input, "the key is unknown: there are {} and {}NAME.KEY{}", fmt::join(cluster_keys, ", "),
                namespace_prefix, did_you_mean(key, cluster_keys));
}

void read_data(RemedyPolicy& policy, json::object const& data, std::vector<Problem>& found) {
    for (auto const& [key, value] : data) {
        auto const field = fmt::format("data.{}", std::string_view(key));
        auto const read = value.is_string() ? read_key(policy, key, trim(value.get_string()))
                                            : Result<void>(fail(Errc::invalid_input, "the value is not a string"));
        if (read) continue;
        found.push_back({Problem::Severity::error, bounded(field, longest_problem), "RemedyPolicyInvalid",
                         bounded(fmt::format("{}: {}", field, read.error().text()), longest_problem)});
    }
}

bool is_given(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    return value && !value->is_null();
}

}  // namespace

std::string to_string(RemedyBudget const& budget) {
    return fmt::format("{}/{}", budget.count, format_duration(budget.window));
}

std::int64_t RemedyPlaces::of(std::int64_t remedied) const {
    return percent ? std::max<std::int64_t>(1, (remedied * value + 99) / 100) : value;
}

std::string to_string(RemedyPlaces const& places) {
    return fmt::format("{}{}", places.value, places.percent ? "%" : "");
}

RemedyPolicy default_remedy_policy() {
    return {.state = RemedyPolicy::State::known};
}

Result<RemedyBudget> parse_remedy_budget(std::string_view text) {
    constexpr auto longest = std::chrono::hours(7 * 24);
    auto const slash = text.find('/');
    if (slash == std::string_view::npos) {
        return fail(Errc::invalid_input, "\"{}\" is no budget: write a count and a duration such as 10/1h", text);
    }
    auto const count = parse_count(text.substr(0, slash));
    if (!count) return std::unexpected(count.error());
    auto const window = parse_duration(text.substr(slash + 1));
    if (!window) return std::unexpected(window.error());
    if (*window < std::chrono::seconds(1) || *window > longest) {
        return fail(Errc::invalid_input, "\"{}\" is no budget: its duration is from 1s to 7d", text);
    }
    return RemedyBudget{*count, *window};
}

Result<RemedyPlaces> parse_remedy_places(std::string_view text) {
    if (!text.ends_with('%')) {
        auto const count = parse_count(text);
        if (!count) return std::unexpected(count.error());
        return RemedyPlaces{.value = *count};
    }
    auto const share = parse_count(text.substr(0, text.size() - 1));
    if (!share || *share < 1 || *share > 100) {
        return fail(Errc::invalid_input, "\"{}\" is no percentage: write 1% to 100%, or 0 for none", text);
    }
    return RemedyPlaces{.value = *share, .percent = true};
}

std::optional<NamedBudget> budget_in(RemedyPolicy const& policy, std::string_view ns) {
    auto const mine = policy.namespaces.find(ns);
    if (mine != policy.namespaces.end() && mine->second.budget) {
        return NamedBudget{fmt::format("namespace.{}.budget", ns), *mine->second.budget};
    }
    if (!policy.budget_per_namespace) return std::nullopt;
    return NamedBudget{"budgetPerNamespace", *policy.budget_per_namespace};
}

std::string off_switch(RemedyPolicy const& policy, std::string_view ns) {
    if (!policy.enabled) return "enabled";
    auto const mine = policy.namespaces.find(ns);
    return mine == policy.namespaces.end() || mine->second.enabled ? "" : fmt::format("namespace.{}.enabled", ns);
}

std::string dry_run_switch(RemedyPolicy const& policy, std::string_view ns) {
    if (policy.dry_run_by_flag) return "--remedy-dry-run";
    if (policy.dry_run) return "dryRun of the remedy policy";
    auto const mine = policy.namespaces.find(ns);
    if (mine == policy.namespaces.end() || !mine->second.dry_run) return "";
    return fmt::format("namespace.{}.dryRun of the remedy policy", ns);
}

RemedyPolicy read_remedy_policy(json::object const& config_map, std::vector<Problem>* problems) {
    auto policy = default_remedy_policy();
    std::vector<Problem> found;
    auto wrong = [&found](std::string field, std::string message) {
        found.push_back({Problem::Severity::error, std::move(field), "RemedyPolicyInvalid", std::move(message)});
    };
    if (is_given(config_map, "data")) {
        auto const& data = config_map.at("data");
        if (data.is_object()) {
            read_data(policy, data.get_object(), found);
        } else {
            wrong("data", "data is not an object");
        }
    }
    if (is_given(config_map, "binaryData")) {
        auto const* binary = config_map.at("binaryData").if_object();
        if (!binary || !binary->empty()) wrong("binaryData", "binaryData is not read: write the keys under data");
    }
    if (!found.empty()) {
        policy = {.state = RemedyPolicy::State::unreadable, .trouble = found.front().message};
        if (found.size() > 1) policy.trouble += fmt::format(" (and {} more)", found.size() - 1);
    }
    if (problems) problems->insert(problems->end(), found.begin(), found.end());
    return policy;
}

}  // namespace vedette::op
