// Everything the operator asks of the API server, against the rights that deploy/operator gives it for itself: nothing
// is missing, and nothing is there that nobody uses. The rights it hands out to the accounts of checks are another
// matter (-grants, manifests_test.cpp).

#include "base/json.hpp"
#include "base/yaml.hpp"
#include "check/world_context.hpp"
#include "net/address_policy.hpp"
#include "net/guarded_dialer.hpp"
#include "net/resolving_dialer.hpp"
#include "operator/counted_api.hpp"
#include "operator/native_runner.hpp"
#include "operator/operator_scene.hpp"
#include "operator/rbac.hpp"
#include "operator/scrape_access.hpp"
#include "operator/source_reader.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <ranges>
#include <set>

namespace vedette::op {
namespace {

namespace json = boost::json;

using testing::ElementsAre;
using testing::IsEmpty;

// --- rights -------------------------------------------------------------------------------------------------------

// One right. As a request: all of it, `name` where RBAC sees one. As a grant: empty means any.
struct Right {
    std::string verb;
    std::string resource;  // "healthchecks.activemonitor.keikoproj.io/status"
    std::string ns;
    std::string name;

    auto operator<=>(Right const&) const = default;
    bool allows(Right const& asked) const {
        return verb == asked.verb && resource == asked.resource && (ns.empty() || ns == asked.ns) &&
               (name.empty() || name == asked.name);
    }
};

std::string to_string(Right const& right) {
    return fmt::format("{} {}{}{}{}{}", right.verb, right.resource, right.name.empty() ? "" : " named ", right.name,
                       right.ns.empty() ? "" : " in ", right.ns);
}

// The name that RBAC judges by: of a list or watch, what a field selector pins down.
std::string pinned_name(kube::Request const& request) {
    constexpr std::string_view pin = "metadata.name=";
    for (auto const& [key, value] : request.query) {
        if (key == "fieldSelector" && value.starts_with(pin)) return value.substr(pin.size());
    }
    return {};
}

Right right_of(kube::Request const& request) {
    auto const call = api_call(request);
    Right right{.verb = call.verb, .resource = call.resource, .ns = {}, .name = pinned_name(request)};
    std::vector<std::string> segments;
    for (auto const part : std::views::split(request.path, '/')) {
        if (!part.empty()) segments.emplace_back(part.begin(), part.end());
    }
    auto const plural = call.resource.substr(0, call.resource.find_first_of("./"));
    auto at = std::ranges::find(segments, plural);
    if (auto const ns = std::ranges::find(segments, "namespaces"); ns + 2 < segments.end()) right.ns = *(ns + 1);
    if (at != segments.end() && ++at != segments.end()) right.name = *at;
    return right;
}

std::string qualified(std::string const& group, std::string const& resource) {
    if (group.empty()) return resource;
    auto const slash = std::min(resource.find('/'), resource.size());
    return fmt::format("{}.{}{}", resource.substr(0, slash), group, resource.substr(slash));
}

void add_grants(std::set<Right>& grants, PolicyRule const& rule, std::string const& ns) {
    auto const names = rule.resource_names.empty() ? std::vector<std::string>{""} : rule.resource_names;
    for (auto const& group : rule.api_groups) {
        for (auto const& resource : rule.resources) {
            for (auto const& verb : rule.verbs) {
                for (auto const& name : names) grants.insert({verb, qualified(group, resource), ns, name});
            }
        }
    }
}

// Of install.yaml, what is bound to the operator's own work.
std::set<Right> own_grants() {
    auto const path = std::filesystem::path(TEST_SOURCE_DIR) / "../../deploy/operator/install.yaml";
    std::ifstream stream(path);
    std::string rest{std::istreambuf_iterator<char>(stream), {}};
    std::set<Right> grants;
    while (!rest.empty()) {
        auto const end = rest.find("\n---\n");
        auto const parsed = parse_yaml(rest.substr(0, end), "install.yaml");
        rest = end == std::string::npos ? "" : rest.substr(end + 5);
        if (!parsed) throw std::runtime_error(parsed.error().text());
        auto const object = to_json(*parsed);
        auto const name = get_string(object, "metadata.name");
        if (!get_string(object, "kind").ends_with("Role") || name.ends_with("-grants")) continue;
        for (auto const& rule : read_rules(find(object, "rules"))) {
            add_grants(grants, rule, get_string(object, "metadata.namespace"));
        }
    }
    return grants;
}

// --- the tour -----------------------------------------------------------------------------------------------------

json::object resource_of(std::string_view name) {
    return {
        {"namespace", "health"}, {"serviceAccount", fmt::format("{}-sa", name)}, {"source", {{"inline", hello_text}}}};
}

// One answer in the server's place, where `applies`.
class Once {
public:
    Once(std::string method, std::string part, kube::Scripted answer)
        : method_(std::move(method)), part_(std::move(part)), answer_(std::move(answer)) {}

    std::optional<kube::Scripted> operator()(kube::Request const& request) {
        bool const here = request.method == method_ && (request.path + request.body).find(part_) != std::string::npos;
        return here ? std::exchange(answer_, std::nullopt) : std::nullopt;
    }
    bool given() const { return !answer_; }

private:
    std::string method_;
    std::string part_;
    std::optional<kube::Scripted> answer_;
};

kube::Scripted created(json::object const& object) {
    return {.status = 201, .pieces = {to_json(object)}, .headers = {{"Content-Type", "application/json"}}};
}

class NoNames final : public net::Resolver {
public:
    Task<void> resolve(std::string host, Deadline, net::FoundAddresses) override {
        co_return fail(Errc::dns_failure, "{}: no such host", host);
    }
    Task<net::DnsAnswer> query(net::DnsQuestion, Deadline) override {
        co_return fail(Errc::dns_failure, "no answers here");
    }
};

// Two operators, and in the course of half an hour everything that makes them ask for something.
class Tour {
public:
    Tour();
    ~Tour();
    void take();

    std::set<Right> asked;

private:
    void begin_with_what_the_reference_left();
    void add_checks();
    void review_a_scrape();
    void disturb_rbac();
    void remove_everything();
    std::optional<kube::Scripted> answer(kube::Request const& request);

    OperatorScene scene_{SceneOptions{.leader_elect = true}};
    Member second_{scene_, "second"};
    kube::Client client_{scene_.first.door, scene_.world.clock(), scene_.world.random()};
    world::Network network_{scene_.world};
    world::PlainTls tls_{scene_.world};
    NoNames names_;
    net::GuardedDialer dialer_{names_, *net::AddressPolicy::parse({}, "none"), [this](net::Resolver& guarded) {
                                   return std::make_unique<net::ResolvingDialer>(network_, guarded);
                               }};
    std::unique_ptr<net::HttpClient> http_ =
        net::make_http_client(scene_.world.executor(), scene_.world.clock(), dialer_, tls_);
    SourceReader reader_{scene_.world.executor(), scene_.world.clock(), dialer_, tls_, client_, {}};
    NativeRunner runner_{{.clock = scene_.world.clock(),
                          .random = scene_.world.random(),
                          .dialer = dialer_,
                          .resolver = names_,
                          .tls = tls_,
                          .http = *http_,
                          .open_api = [this](kube::Impersonation who) { return open_as(std::move(who)); }}};
    ScrapeAccess access_{client_, scene_.world.clock(), [](std::string const&) {}};
    std::vector<Once> once_ = {
        {"PATCH", "healthchecks/new/status", refusal(409, "Conflict", "the object has been modified")},
        {"POST", "\"name\":\"new-", refusal(409, "AlreadyExists", "workflows \"new-x\" already exists")},
        {"POST", "/tokenreviews",
         created({{"status", {{"authenticated", true}, {"user", {{"username", "prometheus"}}}}}})},
        {"POST", "/subjectaccessreviews", created({{"status", {{"allowed", true}}}})},
    };

    Result<std::unique_ptr<kube::Api>> open_as(kube::Impersonation who);
};

Result<std::unique_ptr<kube::Api>> Tour::open_as(kube::Impersonation who) {
    constexpr std::string_view accounts = "system:serviceaccount:";
    EXPECT_TRUE(who.user.starts_with(accounts)) << who.user << ": that is another right than on serviceaccounts";
    EXPECT_THAT(who.groups, IsEmpty()) << "that would be a right on groups";
    auto const account = who.user.substr(std::min(accounts.size(), who.user.size()));
    auto const colon = std::min(account.find(':'), account.size() - 1);
    asked.insert({"impersonate", "serviceaccounts", account.substr(0, colon), account.substr(colon + 1)});
    return scene_.server.as_user(who.user);
}

std::optional<kube::Scripted> Tour::answer(kube::Request const& request) {
    for (auto& each : once_) {
        if (auto said = each(request)) return said;
    }
    return std::nullopt;
}

Tour::Tour() {
    for (auto* member : {&scene_.first, &second_}) {
        member->door.changes = [this](kube::Request const& request) { asked.insert(right_of(request)); };
        member->door.answers = [this](kube::Request const& request) { return answer(request); };
    }
    scene_.reader = [this](Source source, std::string ns, Deadline deadline) {
        return reader_.read(std::move(source), std::move(ns), deadline);
    };
    scene_.runner = [this](HealthCheck check, Deadline deadline) { return runner_.run(std::move(check), deadline); };
    scene_.make_namespace("shop");
}

Tour::~Tour() {
    second_.kill();
    scene_.first.kill();
}

// Its RBAC objects have the label and no annotation; its Workflow has no label of ours and a HealthCheck for an owner.
void Tour::begin_with_what_the_reference_left() {
    scene_.add("old");
    scene_.add("older", {{"level", "namespace"}});
    for (auto const* name : {"old", "older"}) {
        auto const check = read_health_check(scene_.read(health_check_resource(), "health", name));
        for (auto& each : needed_rbac({&check})) {
            each.object["metadata"].get_object().erase("annotations");
            scene_.server.put(std::move(each.object));
        }
    }
    auto const uid = read_health_check(scene_.read(health_check_resource(), "health", "old")).uid;
    json::object const owner{
        {"apiVersion", "v1alpha1"}, {"kind", "HealthCheck"}, {"name", "old"}, {"uid", uid}, {"controller", true}};
    scene_.server.put({{"apiVersion", "argoproj.io/v1alpha1"},
                       {"kind", "Workflow"},
                       {"metadata",
                        {{"namespace", "health"},
                         {"name", "old-7xk2p"},
                         {"labels", {{"workflows.argoproj.io/controller-instanceid", "activemonitor-workflows"}}},
                         {"ownerReferences", json::array{owner}}}},
                       {"spec", {{"entrypoint", "main"}}}});
}

void Tour::add_checks() {
    scene_.add("new");
    scene_.add("small", {{"level", "namespace"}});
    scene_.fates["broken-"] = {.phase = "Failed", .message = "exit code 1"};
    scene_.add("broken", {{"repeatAfterSec", 20},
                          {"remedyworkflow", {{"generateName", "mend-"}, {"resource", resource_of("mend")}}}});
    auto from_map = resource_of("map");
    from_map["source"] = {{"inline", nullptr}, {"configMap", {{"name", "texts"}, {"key", "hello"}}}};
    scene_.server.put({{"apiVersion", "v1"},
                       {"kind", "ConfigMap"},
                       {"metadata", {{"namespace", "health"}, {"name", "texts"}}},
                       {"data", {{"hello", hello_text}}}});
    scene_.add("map", {{"workflow", {{"resource", from_map}}}});
    scene_.fates["abroad-"] = {.phase = ""};
    scene_.add("abroad", json::object{}, "shop");
    scene_.add_as_written("native",
                          {{"level", "namespace"},
                           {"repeatAfterSec", 60},
                           {"serviceAccountName", "reader"},
                           {"checks", json::array{json::object{{"type", "pods-crashloop"}}}}},
                          "shop");
}

void Tour::review_a_scrape() {
    auto const verdict = scene_.world.run(access_.judge("Bearer abc", scene_.world.clock().now() + 10s));
    EXPECT_EQ(verdict.status, 200) << verdict.sentence;
}

// Somebody takes rights away from a role of ours, and a binding's subject.
void Tour::disturb_rbac() {
    auto const patch = [this](std::string_view kind, std::string name, json::value change) {
        scene_.merge(rbac_resource(kind), rbac_resource(kind).namespaced ? "health" : "", std::move(name),
                     std::move(change));
    };
    patch("ClusterRole", "new-sa-cluster-role", {{"rules", json::array{}}});
    patch("ClusterRoleBinding", "new-sa-cluster-role-binding", {{"subjects", json::array{}}});
    scene_.pass(1min);
    auto const role = scene_.read(rbac_resource("ClusterRole"), "", "new-sa-cluster-role");
    EXPECT_FALSE(find(role, "rules")->as_array().empty()) << "nobody has repaired it";
}

void Tour::remove_everything() {
    for (auto const* name : {"old", "older", "new", "small", "broken", "map"}) scene_.remove(name);
    for (auto const* name : {"abroad", "native"}) scene_.remove(name, "shop");
    scene_.pass(10min);
    for (auto const& resource : rbac_resources()) {
        EXPECT_THAT(scene_.names(resource), IsEmpty()) << "the sweep has left something";
    }
}

void Tour::take() {
    begin_with_what_the_reference_left();
    add_checks();
    scene_.first.start();
    scene_.pass(1s);
    second_.start();
    scene_.pass(10min);
    for (auto const* name : {"old", "older", "new", "small", "map"}) {
        EXPECT_EQ(scene_.status(name).status, "Succeeded") << name << ": " << scene_.condition(name);
    }
    EXPECT_EQ(scene_.status("native", "shop").status, "Succeeded");
    EXPECT_GT(scene_.status("broken").remedy_total_runs, 0);
    review_a_scrape();
    disturb_rbac();
    scene_.first.ask_to_stop();
    scene_.pass(5s);
    EXPECT_TRUE(second_->leads()) << "the Lease was given back, and nobody took it";
    remove_everything();
    for (auto const& each : once_) EXPECT_TRUE(each.given()) << "a disturbance that did not come";
    second_.ask_to_stop();
    scene_.pass(5s);
}

class Rights : public testing::Test {
protected:
    static std::set<Right> const& asked() {
        static auto const all = [] {
            Tour tour;
            tour.take();
            return tour.asked;
        }();
        return all;
    }
};

TEST_F(Rights, NothingThatTheOperatorAsksForIsMissingFromItsRoles) {
    std::vector<std::string> missing;
    auto const grants = own_grants();
    for (auto const& right : asked()) {
        bool const granted = std::ranges::any_of(grants, [&](auto const& grant) { return grant.allows(right); });
        if (!granted) missing.push_back(to_string(right));
    }
    EXPECT_THAT(missing, IsEmpty());
}

TEST_F(Rights, NothingInItsRolesIsThereForNothing) {
    std::vector<std::string> idle;
    for (auto const& grant : own_grants()) {
        bool const used = std::ranges::any_of(asked(), [&](auto const& right) { return grant.allows(right); });
        if (!used) idle.push_back(to_string(grant));
    }
    EXPECT_THAT(idle, IsEmpty());
}

TEST_F(Rights, OnlyTheAccountThatAHealthCheckNamesIsImpersonated) {
    std::vector<std::string> accounts;
    for (auto const& right : asked()) {
        if (right.verb == "impersonate") accounts.push_back(right.ns + "/" + right.name);
    }
    EXPECT_THAT(accounts, ElementsAre("shop/reader"));
}

}  // namespace
}  // namespace vedette::op
