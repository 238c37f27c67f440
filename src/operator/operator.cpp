#include "operator/operator.hpp"

#include "base/json.hpp"
#include "operator/remedy_policy_effect.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

constexpr auto look_again = std::chrono::milliseconds(50);
constexpr auto watches_noted_every = std::chrono::seconds(10);
// So long a policy holds whose ConfigMap cannot be watched any more: an API server's restart is no reason to stop.
constexpr auto policy_holds_unseen = std::chrono::minutes(1);
constexpr auto events_drain = std::chrono::seconds(1);

kube::Resource config_map_resource() {
    return {.group = "", .version = "v1", .plural = "configmaps", .kind = "ConfigMap"};
}

kube::Resource crd_resource() {
    return {.group = "apiextensions.k8s.io",
            .version = "v1",
            .plural = "customresourcedefinitions",
            .kind = "CustomResourceDefinition",
            .namespaced = false};
}

kube::Resource lease_resource() {
    return {.group = "coordination.k8s.io", .version = "v1", .plural = "leases", .kind = "Lease"};
}

kube::ReflectorOptions workflow_options() {
    return {.resource = workflow_resource(),
            .label_selector = std::string(uid_label),
            .projection = workflow_projection(),
            // Argo may be installed after us: its first Workflow should not wait half a minute for our watch.
            .longest_backoff = std::chrono::seconds(10)};
}

kube::ReflectorOptions policy_options(OperatorOptions const& options) {
    return {.resource = config_map_resource(),
            .ns = options.policy_namespace,
            .field_selector = fmt::format("metadata.name={}", options.policy_name)};
}

// A deletion without a reason to doubt it: the CRD or the group is not served.
bool not_served(std::optional<Error> const& error) {
    return error && (error->code() == Errc::unsupported || error->code() == Errc::not_found);
}

Health informer_health(bool synced, kube::Reflector const& reflector) {
    if (synced) return {};
    auto const& why = reflector.last_error();
    return {.ok = false, .why = why ? why->text() : "the first list is under way"};
}

}  // namespace

Operator::Operator(OperatorDoors doors, OperatorOptions options)
    : doors_(std::move(doors)),
      options_(std::move(options)),
      checks_(doors_.executor, doors_.client, doors_.clock, doors_.random, {.resource = health_check_resource()},
              [](kube::Object const& object) { return std::optional(see_check(object)); }),
      workflows_(doors_.executor, doors_.client, doors_.clock, doors_.random, workflow_options(), see_workflow),
      policies_(doors_.executor, doors_.client, doors_.clock, doors_.random, policy_options(options_),
                [](kube::Object const& object) { return std::optional(read_remedy_policy(object)); }),
      events_(doors_.executor, doors_.client, doors_.clock,
              {.component = "HealthCheck",
               .instance = options_.identity,
               .queue = 10'000,
               .limits = {.remembered = 20'000}}),
      changed_(doors_.executor, "leadership"),
      tasks_(doors_.executor) {
    hear_checks();
    hear_workflows();
    hear_policy();
    if (!options_.leader_elect) return;
    kube::LeaderElectionOptions election{
        .ns = options_.own_namespace, .name = std::string(lease_name), .identity = options_.identity};
    kube::LeaderCallbacks callbacks{
        .on_started = [this] { set_leading(true); },
        .on_stopped = [this] { set_leading(false); },
        .on_new_leader =
            [this](std::string const& holder) {
                if (!holder.empty()) doors_.log(LogLevel::info, fmt::format("{} leads", holder));
            },
    };
    elector_ = std::make_unique<kube::LeaderElector>(doors_.executor, doors_.client, doors_.clock, doors_.random,
                                                     std::move(election), std::move(callbacks));
    hear_lease();
}

Operator::~Operator() = default;

void Operator::hear_checks() {
    checks_.add_handlers({
        .added =
            [this](auto const&, SeenCheckPtr const& seen) {
                if (controller_) controller_->check_changed(seen);
            },
        .updated =
            [this](auto const&, SeenCheckPtr const&, SeenCheckPtr const& seen) {
                if (controller_) controller_->check_changed(seen);
            },
        .deleted =
            [this](auto const&, SeenCheckPtr const& last) {
                if (controller_) controller_->check_deleted(last->check);
            },
    });
}

void Operator::hear_workflows() {
    workflows_.add_index("check", [](SeenWorkflow const& seen) { return std::vector{seen.check_uid}; });
    workflows_.add_handlers({
        .added =
            [this](auto const&, SeenWorkflow const& seen) {
                if (controller_) controller_->workflow_changed(seen);
            },
        .updated =
            [this](auto const&, SeenWorkflow const&, SeenWorkflow const& seen) {
                if (controller_) controller_->workflow_changed(seen);
            },
        .deleted =
            [this](auto const&, SeenWorkflow const& last) {
                if (controller_) controller_->workflow_deleted(last, !workflows_.relisting());
            },
    });
}

void Operator::hear_policy() {
    policies_.add_handlers({
        .added = [this](auto const&, RemedyPolicy const& policy) { set_policy(policy); },
        .updated = [this](auto const&, RemedyPolicy const&, RemedyPolicy const& policy) { set_policy(policy); },
        .deleted = [this](auto const&, RemedyPolicy const&) { set_policy(default_remedy_policy(), false); },
    });
}

void Operator::hear_lease() {
    kube::ReflectorOptions options{.resource = lease_resource(),
                                   .ns = options_.own_namespace,
                                   .field_selector = fmt::format("metadata.name={}", lease_name)};
    lease_ = std::make_unique<kube::Informer<std::string>>(
        doors_.executor, doors_.client, doors_.clock, doors_.random, std::move(options),
        [](kube::Object const& object) { return std::optional(get_string(object, "spec.holderIdentity")); });
    lease_->add_handlers({
        .added = {},
        .updated =
            [this](auto const&, std::string const&, std::string const& holder) {
                if (holder.empty()) elector_->look_now();
            },
        .deleted = [this](auto const&, std::string const&) { elector_->look_now(); },
    });
}

// Whoever throws the kill switch reads in the log of each replica that it holds.
void Operator::set_policy(RemedyPolicy policy, bool is_there) {
    policy_ = std::move(policy);
    policy_.dry_run_by_flag = options_.remedy_dry_run;
    auto const place = fmt::format("{}/{}", options_.policy_namespace, options_.policy_name);
    auto line = is_there ? fmt::format("remedy policy {}: {}", place, effect_of(policy_))
                         : fmt::format("there is no remedy policy at {}: {}", place, effect_of(policy_));
    if (line != told_of_policy_) {
        bool const unreadable = policy_.state == RemedyPolicy::State::unreadable;
        doors_.log(unreadable ? LogLevel::error : LogLevel::info, line);
        told_of_policy_ = std::move(line);
    }
    hand_out_policy();
}

// A kill switch that is thrown now would not be seen: what nobody can see any more runs no remedy.
RemedyPolicy Operator::policy_in_force() const {
    auto const trouble = policy_trouble();
    bool const known = policy_.state == RemedyPolicy::State::known;
    if (!policy_unseen_ || !known || !trouble) return policy_;
    return {.state = RemedyPolicy::State::unknown, .trouble = *trouble, .dry_run_by_flag = options_.remedy_dry_run};
}

void Operator::hand_out_policy() {
    auto const policy = policy_in_force();
    doors_.metrics.set_policy_known(!policy_trouble());
    doors_.metrics.set_remedies_enabled(remedies_enabled(policy));
    if (controller_) controller_->policy_changed(policy);
}

void Operator::look_whether_the_policy_is_seen() {
    bool const seen = !policies_.reflector().last_error();
    if (seen) policy_seen_at_ = doors_.clock.now();
    bool const unseen = !seen && doors_.clock.now() - policy_seen_at_ >= policy_holds_unseen;
    if (std::exchange(policy_unseen_, unseen) != unseen) hand_out_policy();
}

std::optional<std::string> Operator::policy_trouble() const {
    auto const& error = policies_.reflector().last_error();
    auto const name = fmt::format("ConfigMap {}/{}", options_.policy_namespace, options_.policy_name);
    switch (policy_.state) {
        case RemedyPolicy::State::unknown:
            return fmt::format("no remedy runs: {} has not been read: {}", name,
                               error ? error->text() : "the first list is under way");
        case RemedyPolicy::State::unreadable:
            return fmt::format("no remedy runs: {}: {}", name, policy_.trouble);
        case RemedyPolicy::State::known:
            break;
    }
    if (!error) return std::nullopt;
    return fmt::format("{}changes of {} are not seen: {}", policy_unseen_ ? "no remedy runs: " : "", name,
                       error->text());
}

// --- leading ------------------------------------------------------------------------------------------------------

bool Operator::leads() const {
    return leading_ && (!elector_ || elector_->leads());
}

void Operator::set_leading(bool leading) {
    leading_ = leading;
    doors_.metrics.set_leader(leading);
    changed_.notify();
}

Async<void> Operator::terms() {
    if (!elector_) set_leading(true);
    for (;;) {
        while (!leading_) co_await changed_.wait();
        co_await one_term();
    }
}

Async<void> Operator::one_term() {
    ControllerDoors doors{.executor = doors_.executor,
                          .clock = doors_.clock,
                          .client = doors_.client,
                          .checks = checks_,
                          .workflows = workflows_,
                          .rbac = doors_.rbac,
                          .metrics = doors_.metrics,
                          .events = events_,
                          .read_source = doors_.read_source,
                          .run_checks = doors_.run_checks,
                          .objections = doors_.objections,
                          .may_act =
                              [this] {
                                  // A machine whose request was not sent waits for ever: the term ends with the first.
                                  if (leads() || fenced_) return !fenced_;
                                  fenced_ = true;
                                  changed_.notify();
                                  return false;
                              },
                          .log = doors_.log,
                          .trace = doors_.trace};
    fenced_ = false;
    controller_ = std::make_unique<Controller>(std::move(doors), options_.controller);
    controller_->policy_changed(policy_in_force());
    TaskGroup term(doors_.executor);
    term.spawn(controller_->run());
    if (doors_.heartbeat) term.spawn(doors_.heartbeat->run([this] { return unwell(); }));
    auto const over = [](Operator& self) -> Async<void> {
        while (self.leading_ && !self.fenced_) co_await self.changed_.wait();
    };
    co_await term.stop_after(over(*this));
    controller_.reset();
    changed_.notify();
}

Async<void> Operator::elect() {
    co_await elector_->run();
    elected_ = true;
    changed_.notify();
}

// --- running ------------------------------------------------------------------------------------------------------

Async<void> Operator::run() {
    auto const work = [](Operator& self) -> Async<void> {
        if (self.elector_) self.tasks_.spawn(self.elect());
        if (self.lease_) self.tasks_.spawn(self.lease_->run());
        self.tasks_.spawn(self.checks_.run());
        self.tasks_.spawn(self.workflows_.run());
        self.tasks_.spawn(self.policies_.run());
        self.tasks_.spawn(self.events_.run());
        self.tasks_.spawn(self.know_the_policy());
        self.tasks_.spawn(self.look_at_the_crd());
        self.tasks_.spawn(self.note_watches());
        self.tasks_.spawn(self.work());
        while (!self.stopping_) co_await self.changed_.wait();
        while (self.controller_ || (self.elector_ && !self.elected_)) co_await self.changed_.wait();
        (void)co_await self.events_.drain(self.doors_.clock.now() + events_drain);
    };
    co_await tasks_.stop_after(work(*this));
}

void Operator::ask_to_stop() {
    stopping_ = true;
    if (elector_) elector_->ask_to_stop();
    if (!elector_) leading_ = false;
    changed_.notify();
}

Async<void> Operator::work() {
    co_await wait_for_lists();
    co_await terms();
}

bool Operator::workflows_known() const {
    return workflows_.synced() || not_served(workflows_.reflector().last_error());
}

Async<void> Operator::wait_for_lists() {
    while (!checks_.synced() || !workflows_known()) co_await doors_.clock.sleep_for(look_again, "the first lists");
}

// An absent ConfigMap tells nobody that it is absent.
Async<void> Operator::know_the_policy() {
    while (!policies_.synced()) co_await doors_.clock.sleep_for(look_again, "the remedy policy");
    if (policies_.size() == 0) set_policy(default_remedy_policy(), false);
}

Async<void> Operator::look_at_the_crd() {
    auto const deadline = deadline_after(doors_.clock.now(), options_.controller.request_timeout);
    auto const crd =
        co_await doors_.client.get(crd_resource(), "", "healthchecks.activemonitor.keikoproj.io", deadline);
    if (!crd) co_return;
    auto const schema = "spec.versions.0.schema.openAPIV3Schema.properties.";
    bool const ours = find(*crd, fmt::format("{}status.properties.runNumber", schema)) &&
                      find(*crd, fmt::format("{}spec.properties.checks", schema));
    if (ours) co_return;
    doors_.log(LogLevel::warning,
               "the installed CRD lacks our fields: spec.checks is dropped by the API server, and what a restart would "
               "need is kept in memory alone; apply deploy/operator/crd.yaml");
}

// What keeps a copy of ours from being up to date, told once for each new reason.
void Operator::tell_trouble(std::string_view what, kube::Reflector const& reflector, std::string& told) {
    auto const& error = reflector.last_error();
    auto const text = error ? error->text() : std::string();
    if (text != told && !text.empty()) doors_.log(LogLevel::warning, fmt::format("{}: {}", what, text));
    told = text;
}

Async<void> Operator::note_watches() {
    std::uint64_t checks = 0;
    std::uint64_t workflows = 0;
    std::string told_of_checks;
    std::string told_of_workflows;
    std::string told_of_policy;
    for (;;) {
        tell_trouble("HealthChecks", checks_.reflector(), told_of_checks);
        tell_trouble("Workflows", workflows_.reflector(), told_of_workflows);
        tell_trouble("the remedy policy, without which no remedy runs", policies_.reflector(), told_of_policy);
        doors_.metrics.set_policy_known(!policy_trouble());
        look_whether_the_policy_is_seen();
        co_await doors_.clock.sleep_for(watches_noted_every, "the next look at the watches");
        for (; checks < checks_.reflector().watches(); ++checks) doors_.metrics.watch_restarted("healthchecks");
        for (; workflows < workflows_.reflector().watches(); ++workflows) doors_.metrics.watch_restarted("workflows");
    }
}

// --- health -------------------------------------------------------------------------------------------------------

std::vector<HealthPart> Operator::healthz() {
    return {{"scheduler", [this]() -> Health {
                 auto const stuck = controller_ ? controller_->stuck(options_.stuck_after) : std::nullopt;
                 return stuck ? Health{.ok = false, .why = *stuck} : Health{};
             }}};
}

// Why no heartbeat is sent.
std::optional<std::string> Operator::unwell() {
    if (!leads() || !controller_) return "this process does not lead";
    if (controller_->refusal()) return controller_->refusal();
    if (!controller_->acts()) return "the HealthChecks are being taken up";
    for (auto const& part : healthz()) {
        if (auto health = part.ask(); !health.ok) return std::move(health.why);
    }
    return std::nullopt;
}

std::vector<HealthPart> Operator::readyz() {
    return {
        {"healthchecks", [this] { return informer_health(checks_.synced(), checks_.reflector()); }},
        {"workflows", [this] { return informer_health(workflows_known(), workflows_.reflector()); }},
        {"alone",
         [this]() -> Health {
             if (!controller_ || !controller_->refusal()) return {};
             return {.ok = false, .why = *controller_->refusal()};
         }},
        // Not a reason to be taken for unready: metrics are read from ready pods alone.
        {"remedy-policy", [this] { return Health{.why = policy_trouble().value_or("")}; }},
    };
}

}  // namespace vedette::op
