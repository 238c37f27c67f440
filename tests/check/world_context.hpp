#pragma once
// A ProbeContext of the test world: a virtual network, the in-memory API server, and doors that fail when a check
// uses what it was not given.

#include "check/engine.hpp"
#include "kube/fake/api_server.hpp"
#include "world/network.hpp"
#include "world/plain_tls.hpp"

namespace vedette::check {

class NoNames final : public net::Resolver {
public:
    Task<void> resolve(std::string host, Deadline, net::FoundAddresses) override {
        co_return fail(Errc::dns_failure, "{}: this world has no names", host);
    }
    Task<net::DnsAnswer> query(net::DnsQuestion question, Deadline) override {
        co_return fail(Errc::refused, "ask for {}: connection refused", question.name);
    }
};

class NoPrograms final : public Process {
public:
    Task<Exit> run(Command, Deadline) override { co_return fail(Errc::not_found, "this world has no programs"); }
};

/// Lifetime: outlives the runs that use its context.
struct WorldContext {
    explicit WorldContext(std::uint64_t seed = 1) : world(seed) {}

    world::World world;
    world::Network network{world};
    world::PlainTls tls{world};
    NoNames resolver;
    NoPrograms process;
    std::unique_ptr<net::HttpClient> http = net::make_http_client(world.executor(), world.clock(), network, tls);
    kube::fake::ApiServer api{world.executor(), world.clock(), world.random()};
    kube::Client client{api, world.clock(), world.random()};
    kube::Target target{.server = "https://api.example:6443", .context = "test"};
    ProbeContext context{world.clock(), world.random(), network, resolver, tls, *http, process, &client, &target, {}};
};

/// Remembers what a run told it, one word per call.
class Diary final : public Sink {
public:
    void on_begin(std::vector<Instance> const& instances) override {
        lines.push_back("begin " + std::to_string(instances.size()));
    }
    void on_check_started(Instance const& instance, int) override {
        lines.push_back("start " + instance.identity.name);
    }
    void on_check_finished(CheckReport const& report, int) override {
        lines.push_back("finish " + report.identity.name + " " + std::string(to_string(report.outcome.status)));
    }
    void on_end(RunReport const& report) override { lines.push_back("end " + std::string(to_string(report.status))); }

    std::vector<std::string> lines;
};

inline Instance instance_of(CheckType const& type, std::string name) {
    auto instance = default_instance(type);
    instance.identity.name = name;
    instance.id = "test/" + name;
    return instance;
}

}  // namespace vedette::check
