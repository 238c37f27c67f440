#pragma once
// Probes as a suite makes them: the YAML of one check goes through the suite reader, the registry and the engine.

#include "check/engine.hpp"
#include "check/suite.hpp"
#include "check/world_context.hpp"
#include "net/http_world.hpp"

#include <gmock/gmock.h>

namespace vedette::check {

class OneSuite final : public Files {
public:
    explicit OneSuite(std::string text) : text_(std::move(text)) {}
    Result<std::string> read(std::string const&, std::size_t) override { return text_; }
    Result<std::string> version(std::string const& path) override { return path; }

private:
    std::string text_;
};

/// The one check that `yaml` describes, in flow style: "{type: tcp, with: {host: shop.example, port: 80}}".
inline std::vector<Instance> instances_of(std::string const& yaml) {
    OneSuite files("checks:\n- " + yaml + "\n");
    auto suite = load_suite("suite.yaml", files, [](std::string) { return std::nullopt; });
    if (!suite) throw std::runtime_error(suite.error().text());
    return std::move(suite->checks);
}

/// A world with peers that follow scripts (net::HttpWorld), and a probe's context in it.
struct ProbeWorld : net::HttpWorld {
    using net::HttpWorld::HttpWorld;

    CheckReport check(std::string const& yaml) {
        Interrupt interrupt;
        auto report = world.run(run_checks(instances_of(yaml), context, {}, {}, interrupt));
        return std::move(report.checks.at(0));
    }
    /// The same, without the engine's numbers.
    Outcome outcome(std::string const& yaml) { return check(yaml).outcome; }

    NoNames resolver;
    NoPrograms process;
    ProbeContext context{world.clock(), world.random(), network, resolver, tls, *client, process, nullptr, nullptr, {}};
};

/// "critical ConnectFailed: connect shop.example:80: connection refused"
inline std::string said(Outcome const& outcome) {
    return fmt::format("{} {}: {}", to_string(outcome.status), outcome.reason, outcome.message);
}

inline double measured(Outcome const& outcome, std::string_view name) {
    for (auto const& [key, value] : outcome.measurements) {
        if (key == name) return value;
    }
    ADD_FAILURE() << "no measurement " << name;
    return 0;
}

}  // namespace vedette::check
