#pragma once
// OperatorScene: operators in a world, over the in-memory API server, with an Argo that behaves. Everything above the
// sockets is real. A Member is one process of `vedette operator`; a scene may hold several, one after the other or at
// once.

#include "base/metrics.hpp"
#include "base/task_group.hpp"
#include "kube/fake/api_server.hpp"
#include "kube/memory_files.hpp"
#include "kube/scripted_api.hpp"
#include "operator/argo.hpp"
#include "operator/operator.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>

namespace vedette::op {

/// One process' way to the API server: remembers what it was asked, may answer in the server's place, hold requests
/// up, or change them.
class Door final : public kube::Api {
public:
    Door(kube::Api& server, Clock& clock) : server_(server), clock_(clock) {}
    Task<kube::Response> send(kube::Request request, Deadline deadline) override;

    std::function<std::optional<kube::Scripted>(kube::Request const&)> answers;  ///< nothing: the request goes on
    std::function<bool(kube::Request const&)> holds;                             ///< on its way, as long as true
    std::function<void(kube::Request&)> changes;
    std::vector<std::string> sent;  ///< "POST /apis/...", without lists and watches

private:
    kube::Api& server_;
    Clock& clock_;
};

/// A Status as the API server words it.
kube::Scripted refusal(int code, std::string_view reason, std::string_view message);

struct SceneOptions {
    bool argo_installed = true;
    bool leader_elect = false;
    ControllerOptions controller;
    std::uint64_t seed = 1;
    Duration stuck_after = std::chrono::seconds(30);
    net::HttpClient* heartbeats = nullptr;  ///< what members send them through, each 10 s; null: none
};

class OperatorScene;

/// Lifetime: ends before its scene; stop() or kill() before it dies.
class Member {
public:
    Member(OperatorScene& scene, std::string identity);
    ~Member();
    Member(Member const&) = delete;
    Member& operator=(Member const&) = delete;

    void start();
    void ask_to_stop() { operator_->ask_to_stop(); }
    bool runs() const { return tasks_->size() > 0; }
    /// As SIGKILL: nothing goes out any more.
    void kill();
    Operator& operator*() { return *operator_; }
    Operator* operator->() { return operator_.get(); }
    std::string metrics();

    Door door;
    std::vector<std::string> log;

private:
    OperatorScene& scene_;
    kube::Client client_;
    metrics::Registry registry_;
    OperatorMetrics metrics_;
    RbacKeeper rbac_;
    kube::MemoryFiles files_;
    std::unique_ptr<Heartbeat> heartbeat_;
    std::unique_ptr<Operator> operator_;
    std::unique_ptr<TaskGroup> tasks_;
};

/// What became of a Workflow, as the server stored it.
struct Made {
    std::string ns;
    std::string name;
    std::string check;  ///< "namespace/name", by annotation
    std::string run;    ///< "check-1"
    TimePoint when{};
    boost::json::object object;
};

class OperatorScene {
public:
    explicit OperatorScene(SceneOptions options = {});
    ~OperatorScene();
    OperatorScene(OperatorScene const&) = delete;
    OperatorScene& operator=(OperatorScene const&) = delete;

    /// Each 60 s, level cluster, whose Workflow health/NAME-xxxxx takes 2 s; `spec` is merged into that (RFC 7386).
    void add(std::string_view name, boost::json::value const& spec = boost::json::object{},
             std::string_view ns = "health");
    /// The spec as it stands, wholly.
    void add_as_written(std::string_view name, boost::json::value spec, std::string_view ns = "health");
    /// Merges into the spec.
    void edit(std::string_view name, boost::json::value const& spec, std::string_view ns = "health");
    /// Makes the spec that of add(name).
    void mend(std::string_view name, std::string_view ns = "health");
    void remove(std::string_view name, std::string_view ns = "health");
    boost::json::object read(kube::Resource const& resource, std::string_view ns, std::string_view name);
    Status status(std::string_view name, std::string_view ns = "health");
    /// "Ready=False LevelInvalid: spec.level ...", or "".
    std::string condition(std::string_view name, std::string_view type = "Ready", std::string_view ns = "health");
    /// "Warning LevelInvalid x1: spec.level ...", sorted.
    std::vector<std::string> events(std::string_view name, std::string_view ns = "health");
    std::vector<kube::Object> list(kube::Resource const& resource);
    /// The objects of a kind that exist: "namespace/name".
    std::vector<std::string> names(kube::Resource const& resource);
    void merge(kube::Resource const& resource, std::string ns, std::string name, boost::json::value patch,
               std::string subresource = "");
    void erase(kube::Resource const& resource, std::string_view ns, std::string_view name);

    void make_namespace(std::string_view name);
    /// As kubectl does: it is terminating until server.collect_garbage().
    void delete_namespace(std::string_view name);

    void start() { first.start(); }
    void pass(Duration duration) { world.pass(duration); }
    /// When Workflows of a HealthCheck were made.
    std::vector<Duration> times(std::string_view name, std::string_view ns = "health") const;
    std::vector<Made> made_by(std::string_view name, std::string_view ns = "health") const;
    /// "check-1", "remedy-1-1", ...
    std::vector<std::string> runs(std::string_view name) const;
    void install_argo();
    /// All that runs has ended, and nothing was left behind at the server.
    void end();

    SceneOptions options;
    world::World world;
    kube::fake::ApiServer server;
    /// How Workflows go, by the beginning of their name; else they succeed after 2 s.
    std::map<std::string, simulation::Fate> fates;
    std::map<std::string, Result<std::string>> sources;  ///< what Source::path reads
    /// In place of `sources`, and of spec.checks that always succeed; set before a start.
    std::function<Task<std::string>(Source, std::string ns, Deadline)> reader;
    std::function<Async<RunResult>(HealthCheck, Deadline)> runner;
    std::vector<Made> made;
    simulation::FakeArgo argo;
    Member first;

private:
    friend class Member;
    simulation::Fate fate_of(kube::Object const& workflow) const;
    Task<std::string> read_source(Source source, std::string ns, Deadline deadline);
    Async<RunResult> run_checks(HealthCheck check, Deadline deadline);
    kube::Client admin();
};

inline boost::json::object inline_source(std::string_view text) {
    return {{"workflow", {{"resource", {{"source", {{"inline", text}}}}}}}};
}

/// A spec whose remedy runs Workflows NAME-xxxxx.
boost::json::object remedy_spec(std::string_view name = "fix");

inline constexpr std::string_view hello_text =
    "spec: {entrypoint: main, templates: [{name: main, container: {image: busybox}}]}";

}  // namespace vedette::op
