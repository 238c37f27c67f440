// The order of draws is the story: whoever adds one changes every seed.

#include "base/event.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "kube/fake/store.hpp"
#include "operator/simulation/simulation.hpp"

#include <fmt/format.h>

namespace vedette::op::simulation {
namespace {

namespace json = boost::json;

using Kind = kube::fake::Fault::Kind;

kube::fake::Options server_options(Random& random) {
    // A short history: watches that break off often find their version gone.
    return {.history = 40 + random.below(400), .bookmark_interval = std::chrono::seconds(30)};
}

json::object draw_policy(Random& random) {
    json::object policy;
    auto const budget = [&] { return fmt::format("{}/{}m", 1 + random.below(3), 2 + random.below(15)); };
    if (random.chance(0.5)) policy["budgetPerCluster"] = budget();
    if (random.chance(0.5)) policy["budgetPerNamespace"] = budget();
    if (random.chance(0.3)) policy["maxConcurrent"] = random.chance(0.5) ? "1" : "34%";
    if (random.chance(0.1)) policy["namespace.health.maxConcurrent"] = "50%";
    if (random.chance(0.2)) policy["namespace.health.budget"] = budget();
    if (random.chance(0.1)) policy["namespace.shop.dryRun"] = "true";
    if (random.chance(0.1)) policy["namespace.shop.enabled"] = "false";
    if (random.chance(0.05)) policy["dryRun"] = "perhaps";  // cannot be read: no remedy
    return policy;
}

json::object workflow_spec(std::string_view generate_name, std::string_view ns, bool url) {
    json::object source;
    if (url) {
        source["url"] = {{"path", "http://workflows/hello.yaml"}};
    } else {
        source["inline"] = "metadata: {labels: {team: core}}\nspec: {entrypoint: main}\n";
    }
    return {{"generateName", generate_name},
            {"resource", {{"namespace", ns}, {"serviceAccount", "runner"}, {"source", std::move(source)}}}};
}

std::string line_of(kube::fake::Change const& change) {
    auto const head = fmt::format("#{} {} {}", change.revision, change.key.collection, change.key.path());
    if (!change.after) return head + " is gone";
    auto const& object = *change.after;
    auto const* status = find(object, "status");
    return fmt::format("{} {} {}", head, to_json(*find(object, "metadata.uid")),
                       status ? to_json(*status) : std::string("no status"));
}

}  // namespace

Plan draw_plan(Random& random) {
    Plan plan;
    plan.checks = 4 + random.below(6);
    plan.processes = 1 + random.below(2);
    plan.leader_elect = plan.processes == 2 && random.chance(0.5);
    if (random.chance(0.2)) plan.max_running_workflows = 1 + random.below(3);
    if (random.chance(0.3)) plan.rbac = RbacMode::manage;
    if (random.chance(0.5)) plan.policy = draw_policy(random);
    plan.trouble = std::array{1.0, 0.4, 0.1}[random.below(3)];  // processes that die often, and that live for long
    return plan;
}

Simulation::Simulation(std::uint64_t seed, std::optional<Plan> plan)
    : world_(seed),
      random_(world_.random()),
      plan_(plan ? std::move(*plan) : draw_plan(random_)),
      server_(world_.executor(), world_.clock(), random_, server_options(random_)),
      referee_(server_, world_.clock()),
      collector_(server_, world_.clock(), std::chrono::seconds(5)),
      argo_(world_.executor(), server_, world_.clock(), random_,
            {.fate = [this](kube::Object const& workflow) { return fate_of(workflow); },
             .ttl = std::chrono::seconds(240)}),
      network_(world_.executor()) {
    server_.add_kind({.resource = workflow_kind, .status_subresource = false});
    server_.add_kind({.resource = health_check_kind});
    server_.on_change([this](kube::fake::Change const& change) {
        if (change.key.collection != "workflows.argoproj.io") return;
        bool const runs = change.after && get_string(*change.after, "status.finishedAt").empty();
        if (runs) {
            workflows_.insert(change.key.path());
        } else {
            workflows_.erase(change.key.path());
        }
    });
    if (std::getenv("SEED")) {
        server_.on_change([this](kube::fake::Change const& change) { world_.note(line_of(change)); });
    }
    for (auto const* ns : {"health", "shop", "other"})
        server_.put({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}});
    processes_.resize(plan_.processes);
    referee_.metrics_say = [this](HealthCheck const& check, Duration patience) { return metrics_say(check, patience); };
    if (!plan_.policy.empty()) put_policy();
    if (plan_.processes > 1 && !plan_.leader_elect) referee_.expect_contention();
    if (plan_.max_running_workflows) referee_.expect_places(*plan_.max_running_workflows);
}

Simulation::~Simulation() = default;

Duration Simulation::up_to(Duration most) {
    return Duration(static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

// --- who is there -------------------------------------------------------------------------------------------------

kube::Object make_check(std::string const& name, json::object spec) {
    auto const generate = name + "-";
    if (!spec.contains("level")) spec["level"] = "cluster";
    if (!spec.contains("workflow")) {
        auto workflow = workflow_spec(generate, "health", false);
        workflow["workflowtimeout"] = 60;
        spec["workflow"] = std::move(workflow);
    }
    if (auto* remedy = spec.if_contains("remedyworkflow"); remedy && remedy->is_null()) {
        *remedy = workflow_spec("fix-" + generate, "health", false);
    }
    return {{"apiVersion", "activemonitor.keikoproj.io/v1alpha1"},
            {"kind", "HealthCheck"},
            {"metadata", {{"name", name}, {"namespace", "health"}}},
            {"spec", std::move(spec)}};
}

kube::Object Simulation::draw_check(std::size_t index) {
    auto const ns = random_.chance(0.7) ? "health" : "shop";
    bool const elsewhere = random_.chance(0.15);
    json::object spec{{"level", "cluster"}};
    if (random_.chance(0.7)) {
        spec["repeatAfterSec"] = 5 + random_.below(30);
    } else {
        char const* const crons[] = {"@every 15s", "@every 40s", "* * * * *", "CRON_TZ=Europe/Berlin */2 * * * ?"};
        spec["schedule"] = {{"cron", crons[random_.below(4)]}};
    }
    if (random_.chance(0.05)) {
        spec["checks"] = json::array{json::object{{"check", "http"}, {"params", {{"url", "http://shop.example/"}}}}};
    } else {
        auto workflow = workflow_spec(fmt::format("check-{}-", index), elsewhere ? "other" : ns, random_.chance(0.1));
        if (random_.chance(0.6)) workflow["workflowtimeout"] = 5 + random_.below(15);
        spec["workflow"] = std::move(workflow);
    }
    if (random_.chance(0.6)) {
        auto remedy = workflow_spec(fmt::format("fix-{}-", index), ns, false);
        remedy["workflowtimeout"] = 5 + random_.below(15);
        spec["remedyworkflow"] = std::move(remedy);
        if (random_.chance(0.5)) {
            spec["remedyRunsLimit"] = 1 + random_.below(3);
            spec["remedyResetInterval"] = 60 + random_.below(300);
        }
        if (random_.chance(0.2)) spec["failureThreshold"] = 2 + random_.below(2);
        if (random_.chance(0.2)) spec["cooldown"] = fmt::format("{}s", 30 + random_.below(150));
        if (random_.chance(0.2)) spec["remedyBreaker"] = true;
        if (random_.chance(0.2)) spec["remedyOnLostResult"] = true;
        if (random_.chance(0.1)) spec["dryRun"] = true;
    }
    return {{"apiVersion", "activemonitor.keikoproj.io/v1alpha1"},
            {"kind", "HealthCheck"},
            {"metadata", {{"name", fmt::format("hc{}", index)}, {"namespace", ns}}},
            {"spec", std::move(spec)}};
}

// Mostly well, but for one that is called "fails"; a check that fails goes on failing for a while, or the remedy would
// never be needed twice.
Fate Simulation::fate_of(kube::Object const& workflow) {
    auto const name = get_string(workflow, "metadata.name");
    auto const check = name.substr(0, name.rfind('-'));
    auto const minutes = std::chrono::floor<std::chrono::minutes>(world_.elapsed()).count() / 2;
    Random wave(world_.seed() * 1000003 + stable_hash(check) + static_cast<std::uint64_t>(minutes));
    bool const bad_times = wave.chance(0.3);
    Fate fate;
    fate.pickup = up_to(std::chrono::milliseconds(800));
    if (random_.chance(0.1)) fate.pending = up_to(std::chrono::seconds(4));
    fate.running = up_to(std::chrono::seconds(random_.chance(0.1) ? 25 : 5));
    auto const draw = random_.unit();
    if (check == "fails" || draw < (bad_times ? 0.7 : 0.05)) {
        fate.phase = "Failed";
        fate.message = "main exited with 1";
    } else if (draw > 0.98) {
        fate.phase = "Error";
        fate.message = "pod deleted";
    } else if (draw > 0.97) {
        fate.phase = "";
    }
    return fate;
}

void Simulation::put_check(kube::Object check) {
    auto const name = get_string(check, "metadata.name");
    checks_[name] = check;
    auto const ns = get_string(check, "metadata.namespace");
    // As a user writes: the status stays what it is.
    auto const put = [](kube::fake::ApiServer& server, kube::Object object, std::string in) -> Async<void> {
        auto const who = get_string(object, "metadata.name");
        auto const deadline = no_deadline;
        auto request =
            kube::patch_request(health_check_kind, in, who, kube::Patch::json,
                                json::array{{{"op", "replace"}, {"path", "/spec"}, {"value", object.at("spec")}}});
        auto answer = co_await server.send(std::move(request), deadline);
        if (!answer || answer->status != 404) co_return;
        answer = co_await server.send(kube::create_request(health_check_kind, in, object), deadline);
    };
    network_.spawn(put(server_, std::move(check), ns));
}

void Simulation::start(std::size_t index) {
    auto& process = processes_.at(index);
    ProcessOptions options{.identity = fmt::format("operator-{}", ++born_),
                           .leader_elect = plan_.leader_elect,
                           .rbac = plan_.rbac,
                           .max_running_workflows = plan_.max_running_workflows};
    process = std::make_unique<Process>(server_, world_, network_, weather_, std::move(options));
    process->wire().on_send = [this, it = process.get()](kube::Request const& request) {
        it->look();
        sent(request);
    };
    process->wire().on_late = [this](kube::Request const& request) { referee_.comes_late(request); };
    world_.note(fmt::format("operator-{} starts", born_));
}

void Simulation::sent(kube::Request const& request) {
    referee_.sent(request);
    ++sent_;
    auto const& strike = plan_.strike;
    if (!strike || strike->at != sent_) return;
    bool const watches =
        std::ranges::any_of(request.query, [](auto const& parameter) { return parameter.first == "watch"; });
    world_.note(fmt::format("{} {} will be answered with {}", request.method, request.path, strike->status));
    server_.add_fault({.kind = Kind::status,
                       .method = watches ? "WATCH" : request.method,
                       .path_prefix = request.path,
                       .times = 1,
                       .status = strike->status,
                       .retry_after_seconds = strike->retry_after_seconds});
}

// --- what happens -------------------------------------------------------------------------------------------------

void Simulation::change_weather(double badness) {
    weather_ = {.latency = std::chrono::milliseconds(1 + random_.below(20))};
    server_.clear_faults();
    if (badness == 0) return;
    weather_.refuse = random_.unit() * 0.1 * badness;
    weather_.lose = random_.unit() * 0.05 * badness;
    weather_.lose_answer = random_.unit() * 0.1 * badness;
    weather_.late = random_.unit() * 0.05 * badness;
    auto const add = [&](Kind kind, double probability, kube::fake::Fault fault) {
        fault.kind = kind;
        fault.probability = random_.unit() * probability * badness;
        server_.add_fault(std::move(fault));
    };
    for (int const status : {409, 410, 429, 500}) {
        add(Kind::status, 0.05, {.kind = Kind::status, .status = status});
    }
    add(Kind::delay, 0.05, {.kind = Kind::delay, .delay = up_to(std::chrono::seconds(20))});
    add(Kind::hang, 0.01, {.kind = Kind::hang});
    add(Kind::reset_body, 0.05, {.kind = Kind::reset_body, .after_bytes = random_.below(2000)});
    add(Kind::duplicate_event, 0.2, {.kind = Kind::duplicate_event});
    add(Kind::lose_event, 0.1, {.kind = Kind::lose_event});
    add(Kind::end_watch, 0.1, {.kind = Kind::end_watch});
}

std::optional<std::string> Simulation::any_check() {
    if (checks_.empty()) return std::nullopt;
    return std::next(checks_.begin(), static_cast<std::ptrdiff_t>(random_.below(checks_.size())))->first;
}

void Simulation::edit_a_check() {
    auto const name = any_check();
    if (!name) return;
    auto check = checks_.at(*name);
    auto& spec = check.at("spec").as_object();
    bool const bad = get_string(spec, "level") != "cluster";
    auto const draw = bad ? 1.0 : random_.unit();
    bool const paused = !spec.contains("schedule") && get_int(spec, "repeatAfterSec").value_or(0) == 0;
    if (draw < 0.15 || paused) {
        spec.erase("schedule");
        spec["repeatAfterSec"] = paused ? 20 + random_.below(60) : 0;
    } else if (draw < 0.6) {
        spec.erase("schedule");
        spec["repeatAfterSec"] = 5 + random_.below(30);
    } else if (auto* workflow = spec.if_contains("workflow"); workflow && draw < 0.93) {
        workflow->as_object()["generateName"] = fmt::format("renamed-{}-", random_.below(3));
    } else {
        spec["level"] = get_string(spec, "level") == "cluster" ? "Cluster" : "cluster";
    }
    world_.note(fmt::format("{} is edited: {}", *name, to_json(spec)));
    put_check(std::move(check));
}

void Simulation::touch_a_check() {
    auto const name = any_check();
    if (!name) return;
    auto check = checks_.at(*name);
    check.at("spec").as_object()["description"] = fmt::format("touched {}", random_.below(1000));
    put_check(std::move(check));
}

void Simulation::delete_or_make_a_check() {
    auto const name = fmt::format("hc{}", random_.below(plan_.checks));
    if (auto const found = checks_.find(name); found != checks_.end()) {
        world_.note(fmt::format("{} is deleted", name));
        server_.erase(health_check_kind, get_string(found->second, "metadata.namespace"), name);
        checks_.erase(found);
    } else {
        put_check(draw_check(random_.below(plan_.checks)));
    }
}

void Simulation::delete_a_workflow() {
    if (workflows_.empty()) return;
    auto const path = *std::next(workflows_.begin(), static_cast<std::ptrdiff_t>(random_.below(workflows_.size())));
    auto const slash = path.find('/');
    world_.note(fmt::format("Workflow {} is deleted", path));
    server_.erase(workflow_kind, path.substr(0, slash), path.substr(slash + 1));
}

// Not often: a policy binds only once everybody must have heard of it.
void Simulation::change_the_policy() {
    if (random_.chance(0.7)) return;
    if (random_.chance(0.5)) {
        remedies_on_ = !remedies_on_;
    } else {
        dry_run_ = !dry_run_;
    }
    world_.note(fmt::format("remedies: enabled {}, dryRun {}", remedies_on_, dry_run_));
    put_policy();
}

void Simulation::put_policy() {
    auto data = plan_.policy;
    if (!remedies_on_) data["enabled"] = "false";
    if (dry_run_) data["dryRun"] = "true";
    server_.put({{"apiVersion", "v1"},
                 {"kind", "ConfigMap"},
                 {"metadata", {{"name", remedy_policy_name}, {"namespace", "health"}}},
                 {"data", std::move(data)}});
}

Referee::Says Simulation::metrics_say(HealthCheck const& check, Duration patience) {
    bool acts = false;
    for (auto const& process : processes_) {
        bool const knows = process && process->acts_for() >= patience;
        auto const overdue = knows ? process->overdue_seconds(check) : std::nullopt;
        if (overdue && *overdue > 0) return Referee::Says::overdue;
        acts = acts || overdue;
    }
    return acts ? Referee::Says::nothing : Referee::Says::nobody_acts;
}

void Simulation::set_the_clock() {
    auto const by = random_.chance(0.5) ? up_to(std::chrono::minutes(10)) : up_to(std::chrono::seconds(5));
    auto const jump = random_.chance(0.5) ? by : -by;
    world_.note(fmt::format("the clock is set by {} ms", jump.count() / 1000000));
    world_.clock().jump_wall(jump);
    referee_.clock_was_set();
}

Async<void> Simulation::kill_one() {
    auto const index = random_.below(processes_.size());
    auto& process = processes_.at(index);
    if (random_.chance(0.6)) {
        process->die_at_request(1 + random_.below(6));  // restart_the_dead() follows
        co_return;
    }
    if (random_.chance(0.5)) {
        world_.note("a process is killed");
        co_await process->kill();
    } else {
        world_.note("a process is stopped");
        (void)co_await process->stop();  // bad weather may keep it
    }
    process.reset();
    start(index);
}

Async<void> Simulation::restart_the_dead() {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        if (!processes_.at(i)->is_dead()) continue;
        world_.note("a process has died at a request");
        co_await processes_.at(i)->kill();
        processes_.at(i).reset();
        start(i);
    }
}

Async<void> Simulation::something_happens() {
    switch (random_.below(12)) {
        case 0:
        case 1:
        case 2:
            co_await kill_one();
            break;
        case 3:
            // Often longer than a lease lives.
            processes_.at(random_.below(processes_.size()))->clock().hold_up(up_to(std::chrono::seconds(40)));
            break;
        case 4:
            change_weather(random_.chance(0.5) ? 1 : 0);
            break;
        case 5:
            edit_a_check();
            break;
        case 6:
            touch_a_check();
            break;
        case 7:
            if (random_.chance(0.3)) delete_or_make_a_check();
            break;
        case 8:
            delete_a_workflow();
            break;
        case 9:
            if (argo_.runs()) {
                co_await argo_.stop();
            } else {
                argo_.start();
            }
            break;
        case 10:
            change_the_policy();
            break;
        default:
            if (random_.chance(0.3)) set_the_clock();
    }
    if (!argo_.runs() && random_.chance(0.5)) argo_.start();
}

Async<void> Simulation::trouble() {
    auto const end = world_.clock().now() + plan_.longest;
    auto next_restart = deadline_after(world_.clock().now(), plan_.restarts);
    while (world_.clock().now() < end && referee_.runs() < plan_.runs && referee_.violations().empty()) {
        co_await world_.clock().sleep_for(up_to(std::chrono::seconds(20)), "the next misfortune");
        referee_.look();
        co_await restart_the_dead();
        if (plan_.trouble > 0 && random_.chance(plan_.trouble)) co_await something_happens();
        if (world_.clock().now() < next_restart) continue;
        next_restart += plan_.restarts;
        auto const by_itself = co_await processes_.front()->stop();
        if (!by_itself) world_.note("a process did not end by itself");
        start(0);
    }
}

// The referee looks on.
Async<void> Simulation::pass(Duration time) {
    auto const end = world_.clock().now() + time;
    while (world_.clock().now() < end) {
        auto const next = std::min(end, world_.clock().now() + std::chrono::seconds(10));
        co_await world_.clock().sleep_until(next, "calm");
        referee_.look();
    }
}

Async<void> Simulation::story() {
    change_weather(0);
    for (std::size_t i = 0; i < plan_.checks && plan_.given.empty(); ++i) put_check(draw_check(i));
    for (auto const& check : plan_.given) put_check(check);
    argo_.start();
    for (std::size_t i = 0; i < processes_.size(); ++i) start(i);
    if (plan_.dies_at) processes_.front()->die_at_request(*plan_.dies_at);
    co_await trouble();
    change_weather(0);
    for (auto& process : processes_) process->die_at_request(0);  // nobody dies any more ...
    co_await world_.clock().sleep_for(std::chrono::seconds(31), "the last answers");
    co_await restart_the_dead();  // ... but of a request that was under way
    argo_.start();
    if (!remedies_on_ || dry_run_) {
        remedies_on_ = true;
        dry_run_ = false;
        put_policy();
    }
    world_.note("calm");
    referee_.calm_begins();
    co_await pass(plan_.calm);
    if (referee_.violations().empty()) referee_.finish();
    for (auto& process : processes_) {
        auto const by_itself = co_await process->stop();
        if (!by_itself) ends_.push_back("a process did not end by itself within a minute");
        process.reset();
    }
    co_await argo_.stop();
    co_await network_.stop();
}

std::vector<std::string> Simulation::run() {
    world_.run(story());
    auto said = referee_.violations();
    said.insert(said.end(), ends_.begin(), ends_.end());
    world_.pass(std::chrono::minutes(1));  // for the garbage collector
    if (world_.clock().advance()) said.push_back("somebody still waits for a time: " + describe_waiters());
    if (server_.open_watches() != 0) said.push_back(fmt::format("{} watches are left open", server_.open_watches()));
    return said;
}

}  // namespace vedette::op::simulation
