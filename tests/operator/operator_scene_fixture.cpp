#include "base/json.hpp"
#include "kube/fake/patch.hpp"
#include "kube/fake/store.hpp"
#include "operator/operator_scene.hpp"
#include "telemetry/exposition.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

namespace json = boost::json;

constexpr auto patience = std::chrono::seconds(30);

kube::Resource const event_kind{"", "v1", "events", "Event", true};
kube::Resource const namespace_kind{"", "v1", "namespaces", "Namespace", false};

json::value default_spec(std::string_view name) {
    return {{"level", "cluster"},
            {"repeatAfterSec", 60},
            {"workflow",
             {{"generateName", fmt::format("{}-", name)},
              {"resource",
               {{"namespace", "health"},
                {"serviceAccount", fmt::format("{}-sa", name)},
                {"source", {{"inline", hello_text}}}}}}}};
}

std::string annotation(json::object const& object, std::string_view key) {
    auto const* all = find(object, "metadata.annotations");
    auto const* found = all && all->is_object() ? all->get_object().if_contains(key) : nullptr;
    return found && found->is_string() ? std::string(found->get_string()) : "";
}

}  // namespace

json::object remedy_spec(std::string_view name) {
    return {{"remedyworkflow",
             {{"generateName", fmt::format("{}-", name)},
              {"resource",
               {{"namespace", "health"},
                {"serviceAccount", fmt::format("{}-sa", name)},
                {"source", {{"inline", hello_text}}}}}}}};
}

kube::Scripted refusal(int code, std::string_view reason, std::string_view message) {
    json::object const status{{"kind", "Status"},   {"apiVersion", "v1"}, {"status", "Failure"},
                              {"message", message}, {"reason", reason},   {"code", code}};
    return {.status = code, .pieces = {to_json(status)}, .headers = {{"Content-Type", "application/json"}}};
}

Task<kube::Response> Door::send(kube::Request request, Deadline deadline) {
    bool const reads_many = request.what.starts_with("list") || request.what.starts_with("watch");
    if (!reads_many) sent.push_back(request.method + " " + request.path);
    while (holds && holds(request)) {
        if (clock_.now() >= deadline) co_return fail(Errc::timed_out, "{} {}: held up", request.method, request.path);
        co_await clock_.sleep_for(10ms, "a request on its way");
    }
    if (changes) changes(request);
    if (auto answer = answers ? answers(request) : std::nullopt) {
        if (answer->transport) co_return std::unexpected(*answer->transport);
        kube::ScriptedApi scripted({std::move(*answer)});
        auto said = co_await scripted.send(std::move(request), deadline);
        co_return said;
    }
    auto said = co_await server_.send(std::move(request), deadline);
    co_return said;
}

// --- a process ----------------------------------------------------------------------------------------------------

Member::Member(OperatorScene& scene, std::string identity)
    : door(scene.server, scene.world.clock()),
      scene_(scene),
      client_(door, scene.world.clock(), scene.world.random()),
      metrics_(registry_, scene.world.clock()),
      rbac_(scene.world.executor(), client_, scene.world.clock(), scene.world.random(), {}),
      tasks_(std::make_unique<TaskGroup>(scene.world.executor())) {
    Log const keep = [this](LogLevel, std::string sentence) { log.push_back(std::move(sentence)); };
    if (auto* http = scene.options.heartbeats) {
        HeartbeatDoors heart{
            .clock = scene.world.clock(), .files = files_, .http = *http, .metrics = metrics_, .log = keep};
        heartbeat_ =
            std::move(*Heartbeat::make(std::move(heart), {.url = "http://watch.example/" + identity, .interval = 10s}));
    }
    OperatorDoors doors{
        .executor = scene.world.executor(),
        .clock = scene.world.clock(),
        .random = scene.world.random(),
        .client = client_,
        .rbac = rbac_,
        .metrics = metrics_,
        .read_source = [&scene](
                           Source source, std::string ns,
                           Deadline deadline) { return scene.read_source(std::move(source), std::move(ns), deadline); },
        .run_checks = [&scene](HealthCheck check,
                               Deadline deadline) { return scene.run_checks(std::move(check), deadline); },
        .objections = [](HealthCheck const&) { return std::vector<Problem>{}; },
        .log = keep,
        .heartbeat = heartbeat_.get()};
    OperatorOptions options{.leader_elect = scene.options.leader_elect,
                            .own_namespace = "health",
                            .identity = std::move(identity),
                            .policy_namespace = "health",
                            .policy_name = std::string(remedy_policy_name),
                            .stuck_after = scene.options.stuck_after,
                            .controller = scene.options.controller};
    operator_ = std::make_unique<Operator>(std::move(doors), std::move(options));
}

Member::~Member() {
    kill();
}

void Member::start() {
    tasks_->spawn(operator_->run());
}

void Member::kill() {
    if (tasks_->size() > 0) scene_.world.run(tasks_->stop());
}

std::string Member::metrics() {
    return telemetry::exposition(registry_);
}

// --- the scene ----------------------------------------------------------------------------------------------------

OperatorScene::OperatorScene(SceneOptions scene_options)
    : options(std::move(scene_options)),
      world(options.seed),
      server(world.executor(), world.clock(), world.random()),
      argo(world.executor(), server, world.clock(), world.random(),
           {.fate = [this](kube::Object const& workflow) { return fate_of(workflow); }}),
      first(*this, "first") {
    server.add_kind({.resource = health_check_resource()});
    server.put({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "health"}}}});
    server.on_change([this](kube::fake::Change const& change) {
        if (change.key.collection != "workflows.argoproj.io" || change.before) return;
        made.push_back({.ns = change.key.ns,
                        .name = change.key.name,
                        .check = annotation(*change.after, name_annotation),
                        .run = annotation(*change.after, run_annotation),
                        .when = world.clock().now(),
                        .object = *change.after});
    });
    if (options.argo_installed) install_argo();
}

OperatorScene::~OperatorScene() {
    first.kill();
    world.run(argo.stop());
}

void OperatorScene::install_argo() {
    server.add_kind({.resource = workflow_resource(), .status_subresource = false});
    argo.start();
}

simulation::Fate OperatorScene::fate_of(kube::Object const& workflow) const {
    auto const name = get_string(workflow, "metadata.name");
    for (auto const& [prefix, fate] : fates) {
        if (name.starts_with(prefix)) return fate;
    }
    return {};
}

Task<std::string> OperatorScene::read_source(Source source, std::string ns, Deadline deadline) {
    if (reader) {
        auto text = co_await reader(std::move(source), std::move(ns), deadline);
        co_return text;
    }
    auto const found = sources.find(source.path);
    if (found == sources.end()) co_return fail(Errc::not_found, "{}: there is no such text", source.path);
    co_return found->second;
}

Async<RunResult> OperatorScene::run_checks(HealthCheck check, Deadline deadline) {
    if (!runner) co_return RunResult{.succeeded = true};
    auto result = co_await runner(std::move(check), deadline);
    co_return result;
}

kube::Client OperatorScene::admin() {
    return kube::Client(server, world.clock(), world.random());
}

void OperatorScene::add(std::string_view name, json::value const& spec, std::string_view ns) {
    add_as_written(name, kube::fake::merge_patch(default_spec(name), spec), ns);
}

void OperatorScene::add_as_written(std::string_view name, json::value spec, std::string_view ns) {
    json::object object{
        {"apiVersion", api_version}, {"kind", "HealthCheck"}, {"metadata", {{"name", name}, {"namespace", ns}}}};
    if (!spec.is_null()) object["spec"] = std::move(spec);
    server.put(std::move(object));
}

void OperatorScene::edit(std::string_view name, json::value const& spec, std::string_view ns) {
    merge(health_check_resource(), std::string(ns), std::string(name), {{"spec", spec}});
}

void OperatorScene::mend(std::string_view name, std::string_view ns) {
    auto object = read(health_check_resource(), ns, name);
    object["spec"] = default_spec(name);
    auto client = admin();
    auto const written = world.run(client.replace(health_check_resource(), std::string(ns), std::string(name),
                                                  std::move(object), "", world.clock().now() + patience));
    if (!written) throw std::runtime_error(written.error().text());
}

void OperatorScene::merge(kube::Resource const& resource, std::string ns, std::string name, json::value patch,
                          std::string subresource) {
    auto client = admin();
    auto const written =
        world.run(client.patch(resource, std::move(ns), std::move(name), kube::Patch::merge, std::move(patch),
                               {.subresource = std::move(subresource)}, world.clock().now() + patience));
    if (!written) throw std::runtime_error(written.error().text());
}

void OperatorScene::erase(kube::Resource const& resource, std::string_view ns, std::string_view name) {
    if (!server.erase(resource, ns, name)) throw std::runtime_error(fmt::format("{}/{} is not there", ns, name));
}

void OperatorScene::make_namespace(std::string_view name) {
    auto client = admin();
    auto const made_one =
        world.run(client.create(namespace_kind, "", {{"metadata", {{"name", name}}}}, world.clock().now() + patience));
    if (!made_one) throw std::runtime_error(made_one.error().text());
}

void OperatorScene::delete_namespace(std::string_view name) {
    auto client = admin();
    auto const removed =
        world.run(client.remove(namespace_kind, "", std::string(name), {}, world.clock().now() + patience));
    if (!removed) throw std::runtime_error(removed.error().text());
}

void OperatorScene::remove(std::string_view name, std::string_view ns) {
    erase(health_check_resource(), ns, name);
}

json::object OperatorScene::read(kube::Resource const& resource, std::string_view ns, std::string_view name) {
    auto client = admin();
    auto got = world.run(client.get(resource, std::string(ns), std::string(name), world.clock().now() + patience));
    return got ? *got : json::object{};
}

Status OperatorScene::status(std::string_view name, std::string_view ns) {
    return read_health_check(read(health_check_resource(), ns, name)).status;
}

std::string OperatorScene::condition(std::string_view name, std::string_view type, std::string_view ns) {
    auto const now = status(name, ns);
    auto const* found = find_condition(now, type);
    if (!found) return "";
    return fmt::format("{}={} {}: {}", found->type, found->is_true ? "True" : "False", found->reason, found->message);
}

std::vector<kube::Object> OperatorScene::list(kube::Resource const& resource) {
    std::vector<kube::Object> all;
    auto client = admin();
    auto const listed = world.run(client.list(
        resource, "", {}, kube::Projection::all(), [&all](kube::Object object) { all.push_back(std::move(object)); },
        [&all] { all.clear(); }, world.clock().now() + patience));
    if (!listed) throw std::runtime_error(listed.error().text());
    return all;
}

std::vector<std::string> OperatorScene::events(std::string_view name, std::string_view ns) {
    std::vector<std::string> lines;
    for (auto const& event : list(event_kind)) {
        bool const about =
            get_string(event, "involvedObject.name") == name && get_string(event, "involvedObject.namespace") == ns;
        if (!about) continue;
        lines.push_back(fmt::format("{} {} x{}: {}", get_string(event, "type"), get_string(event, "reason"),
                                    get_int(event, "count").value_or(0), get_string(event, "message")));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::vector<std::string> OperatorScene::names(kube::Resource const& resource) {
    std::vector<std::string> all;
    for (auto const& object : list(resource)) {
        all.push_back(get_string(object, "metadata.namespace") + "/" + get_string(object, "metadata.name"));
    }
    return all;
}

std::vector<Made> OperatorScene::made_by(std::string_view name, std::string_view ns) const {
    std::vector<Made> found;
    for (auto const& each : made) {
        if (each.check == fmt::format("{}/{}", ns, name)) found.push_back(each);
    }
    return found;
}

std::vector<std::string> OperatorScene::runs(std::string_view name) const {
    std::vector<std::string> words;
    for (auto const& each : made_by(name)) words.push_back(each.run);
    return words;
}

std::vector<Duration> OperatorScene::times(std::string_view name, std::string_view ns) const {
    std::vector<Duration> all;
    for (auto const& each : made_by(name, ns)) all.push_back(each.when - TimePoint{});
    return all;
}

void OperatorScene::end() {
    first.ask_to_stop();
    world.pass(5s);
    EXPECT_FALSE(first.runs()) << "asked to stop, and it goes on";
    first.kill();
    world.run(argo.stop());
    EXPECT_EQ(server.open_watches(), 0u);
}

}  // namespace vedette::op
