#include "base/duration.hpp"
#include "check/catalogue/scene.hpp"

#include <re2/re2.h>

#include <set>

namespace vedette::check {
namespace {

TEST(Registry, EveryTypeHasAUniqueKebabCaseNameAKnownGroupAndSomethingToSay) {
    std::set<std::string_view> const groups{"controlplane", "nodes", "workloads", "storage",
                                            "network",      "certs", "policy",    "probes"};
    std::set<std::string_view> names;
    for (auto const* type : all_check_types()) {
        SCOPED_TRACE(std::string(type->name));
        EXPECT_TRUE(names.insert(type->name).second);
        EXPECT_TRUE(RE2::FullMatch(std::string(type->name), "[a-z][a-z0-9]*(-[a-z0-9]+)*"));
        EXPECT_TRUE(groups.contains(type->group)) << std::string(type->group);
        EXPECT_GT(type->summary.size(), 20u);
        EXPECT_LT(type->summary.size(), 100u);
        EXPECT_GT(type->explain.size(), 60u);
        EXPECT_GT(type->timeout, Duration{});
        EXPECT_EQ(find_check_type(type->name), type);
    }
    EXPECT_EQ(find_check_type("no-such-check"), nullptr);
}

TEST(Registry, ATypeIsEitherNeedsAndJudgeOrAProbe) {
    for (auto const* type : all_check_types()) {
        SCOPED_TRACE(std::string(type->name));
        if (type->probe) {
            EXPECT_EQ(type->judge, nullptr);
            EXPECT_EQ(type->needs, nullptr);
        } else {
            ASSERT_NE(type->judge, nullptr);
            ASSERT_NE(type->needs, nullptr);
            EXPECT_FALSE(type->needs().empty());
        }
    }
}

bool fits(ParamSpec const& spec, boost::json::value const& value) {
    switch (spec.kind) {
        case ParamKind::duration: {
            if (!value.is_string()) return false;
            auto const parsed = parse_duration(value.get_string());
            return parsed && std::chrono::duration<double>(*parsed).count() >= spec.least;
        }
        case ParamKind::integer:
            return value.is_int64() && static_cast<double>(value.get_int64()) >= spec.least &&
                   static_cast<double>(value.get_int64()) <= spec.most;
        case ParamKind::number:
            return value.is_number() && value.to_number<double>() >= spec.least;
        case ParamKind::flag:
            return value.is_bool();
        case ParamKind::text:
            return value.is_string();
        case ParamKind::texts:
            return value.is_array();
        case ParamKind::object:
            return value.is_object();
    }
    return false;
}

TEST(Registry, EveryDefaultIsJsonOfItsKindAndWithinItsBounds) {
    for (auto const* type : all_check_types()) {
        for (auto const& spec : type->with) {
            SCOPED_TRACE(std::string(type->name) + " " + std::string(spec.name));
            EXPECT_FALSE(spec.summary.empty());
            if (spec.fallback.empty()) {
                EXPECT_FALSE(type->built_in) << "a check of the built-in suite needs no parameters";
                continue;
            }
            boost::system::error_code error;
            auto const value = boost::json::parse(spec.fallback, error);
            ASSERT_FALSE(error) << std::string(spec.fallback);
            EXPECT_TRUE(fits(spec, value)) << std::string(spec.fallback);
        }
    }
}

TEST(Registry, EveryJudgeFindsNothingInAnEmptyCluster) {
    for (auto const* type : all_check_types()) {
        if (!type->judge) continue;
        SCOPED_TRACE(std::string(type->name));
        Scene scene(*type);
        auto const outcome = scene.judge();
        EXPECT_TRUE(outcome.status == Status::ok || outcome.status == Status::skipped) << outcome.message;
        EXPECT_FALSE(outcome.message.empty());
        EXPECT_FALSE(outcome.reason.empty());
    }
}

// What an API server of another version, or a broken one, might send.
boost::json::value mutated(std::uint64_t seed, int depth = 0) {
    auto const pick = (seed * 6364136223846793005ull + 1442695040888963407ull) >> 33;
    switch (depth > 3 ? pick % 6 : pick % 9) {
        case 0:
            return nullptr;
        case 1:
            return true;
        case 2:
            return -1;
        case 3:
            return "";
        case 4:
            return "2026-13-45T99:99:99Z";
        case 5:
            return 1e300;
        case 6: {
            boost::json::array array;
            for (std::uint64_t i = 0; i < 3; ++i) array.push_back(mutated(pick + i, depth + 1));
            return array;
        }
        default: {
            constexpr std::string_view keys[] = {
                "metadata", "conditions", "type",   "name",  "containers", "containerStatuses", "state",  "waiting",
                "volumes",  "ports",      "http",   "host",  "paths",      "backend",           "hard",   "used",
                "labels",   "series",     "taints", "rules", "lastState",  "terminated",        "reason", "selector"};
            boost::json::object object;
            for (std::uint64_t i = 0; i < 6; ++i) {
                auto const draw = (pick + i) * 2654435761u;
                object[keys[(draw >> 7) % std::size(keys)]] = mutated(draw, depth + 1);
            }
            return object;
        }
    }
}

TEST(Registry, OddAndMissingFieldsNeverStopAJudge) {
    for (auto const* type : all_check_types()) {
        if (!type->judge) continue;
        SCOPED_TRACE(std::string(type->name));
        auto params = default_instance(*type).params;
        params.strict = true;
        for (std::uint64_t seed = 0; seed < 60; ++seed) {
            Snapshot snapshot;
            for (auto const& read : type->needs()) {
                auto listing = read.make();
                listing->add({});
                auto const odd = read.projection.apply(boost::json::object{{"metadata", mutated(seed * 7 + 1, 1)},
                                                                           {"spec", mutated(seed * 7 + 2, 1)},
                                                                           {"status", mutated(seed * 7 + 3, 1)},
                                                                           {"type", "Warning"},
                                                                           {"webhooks", mutated(seed * 7 + 4, 1)},
                                                                           {"endpoints", mutated(seed * 7 + 5, 1)},
                                                                           {"ports", mutated(seed * 7 + 6, 1)}});
                listing->add(odd.as_object());
                snapshot.listings[read.resource.qualified()] = std::move(listing);
            }
            auto const outcome = type->judge(View(snapshot, params), params, scene_now);
            EXPECT_FALSE(outcome.message.empty());
        }
    }
}

}  // namespace
}  // namespace vedette::check
