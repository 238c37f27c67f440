#include "cluster/expect.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace vedette::cluster {
namespace {

bool tells_of_the_machine(boost::json::object const& check) {
    auto const* reason = check.at("reason").if_string();
    if (!reason) return false;
    if (*reason == "Slow") return check.at("type").as_string() == "apiserver-latency";
    return *reason == "DeadlineExceeded" || *reason == "ReadTimedOut" || *reason == "Unreachable";
}

}  // namespace

bool in_bad_weather(boost::json::object const& document) {
    auto const& checks = document.at("checks").as_array();
    return std::any_of(checks.begin(), checks.end(),
                       [](auto const& each) { return tells_of_the_machine(each.as_object()); });
}

std::set<std::string> unhealthy(boost::json::object const& document) {
    std::set<std::string> names;
    for (auto const& check : document.at("checks").as_array()) {
        auto const status = check.at("status").as_string();
        if (status != "ok" && status != "skipped") names.emplace(check.at("name").as_string());
    }
    return names;
}

boost::json::object expect_turns(std::string const& arguments, std::string const& name,
                                 std::set<std::string> companions) {
    boost::json::object document;
    auto const turned = eventually([&] {
        document = check_json(arguments);
        return unhealthy(document).contains(name) && !in_bad_weather(document);
    });
    EXPECT_TRUE(turned) << name << " never turned: " << document;
    companions.insert(name);
    for (auto const& each : unhealthy(document)) {
        EXPECT_TRUE(companions.contains(each)) << each << " turned too: " << entry(document, each);
    }
    return document;
}

boost::json::object expect_turns(Namespace const& ns, std::string const& name, std::set<std::string> companions) {
    return expect_turns("--suite " + ns.suite(), name, std::move(companions));
}

boost::json::object expect_well(std::string const& arguments) {
    boost::json::object document;
    auto const well = eventually([&] {
        document = check_json(arguments);
        return unhealthy(document).empty();
    });
    EXPECT_TRUE(well) << "not everything became well";
    for (auto const& each : unhealthy(document)) ADD_FAILURE() << "stays unwell: " << entry(document, each);
    return document;
}

boost::json::object expect_well(Namespace const& ns) {
    return expect_well("--suite " + ns.suite());
}

std::string message_of(boost::json::object const& document, std::string_view check) {
    return std::string(entry(document, check).at("message").as_string());
}

std::string first_failure(boost::json::object const& document, std::string_view check) {
    auto const& failures = entry(document, check).at("failures").as_array();
    if (failures.empty()) return "";
    auto const text = [&](char const* key) {
        auto const& value = failures[0].at(key);
        return value.is_string() ? std::string(value.as_string()) : std::string();
    };
    auto const ns = text("namespace");
    return fmt::format("{} {}{}{}: {}", text("kind"), ns, ns.empty() ? "" : "/", text("name"), text("reason"));
}

std::string failure(Namespace const& ns, std::string_view object, std::string_view reason) {
    auto const name = object.find(' ') + 1;
    return fmt::format("{}{}/{}: {}", object.substr(0, name), ns.name(), object.substr(name), reason);
}

}  // namespace vedette::cluster
