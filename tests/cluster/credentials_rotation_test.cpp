// Tokens that somebody else replaces while we run, against the server that decides which of them it still accepts.

#include "base/task_group.hpp"
#include "cluster/cluster.hpp"
#include "cluster/login.hpp"
#include "kube/informer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace vedette::cluster {
namespace {

kube::Resource const leases{"coordination.k8s.io", "v1", "leases", "Lease", true};
std::string const account_folder = "/var/run/secrets/kubernetes.io/serviceaccount/";

/// Shows a folder of ours where a pod has its service account.
class PodFiles final : public Files {
public:
    PodFiles(Files& real, std::string folder) : real_(real), folder_(std::move(folder)) {}

    Result<std::string> read(std::string const& path, std::size_t limit) override {
        return real_.read(shown(path), limit);
    }
    Result<std::string> version(std::string const& path) override { return real_.version(shown(path)); }

private:
    std::string shown(std::string const& path) const {
        return path.starts_with(account_folder) ? folder_ + path.substr(account_folder.size()) : path;
    }
    Files& real_;
    std::string folder_;
};

std::optional<std::string> pod_environment(std::string name) {
    if (name == "KUBERNETES_SERVICE_HOST") return std::getenv("NODE_IP");
    if (name == "KUBERNETES_SERVICE_PORT") return "6443";
    return std::nullopt;
}

/// A service account that may read leases, and the folder in which its token lies.
class Account {
public:
    Account() : folder_(std::getenv("VEDETTE_CLUSTER_RUN") + std::string("/account/")) {
        std::filesystem::create_directories(folder_);
        std::filesystem::copy_file(std::getenv("VEDETTE_CLUSTER_RUN") + std::string("/pki/ca.crt"), folder_ + "ca.crt",
                                   std::filesystem::copy_options::overwrite_existing);
        kubectl("create namespace " + ns());
        kubectl("-n " + ns() + " create serviceaccount watcher");
        kubectl("-n " + ns() + " create role watcher --resource=leases --verb=get,list,watch");
        kubectl("-n " + ns() + " create rolebinding watcher --role=watcher --serviceaccount=" + ns() + ":watcher");
        // The authorizer hears of a binding a moment later.
        for (auto const* verb : {"list", "watch"}) {
            EXPECT_TRUE(eventually([&] {
                return run(fmt::format("kubectl -n {0} auth can-i {1} leases --as=system:serviceaccount:{0}:watcher "
                                       ">/dev/null 2>&1",
                                       ns(), verb))
                           .code == 0;
            })) << verb;
        }
        put(new_token());
    }
    ~Account() {
        run("kubectl delete namespace " + ns() + " --wait=false >/dev/null");
        std::filesystem::remove_all(folder_);
    }
    Account(Account const&) = delete;
    Account& operator=(Account const&) = delete;

    std::string const& ns() const { return ns_; }
    std::string const& folder() const { return folder_; }

    /// Tokens of its own kind become invalid: they are bound to the account's uid.
    void recreate() const {
        kubectl("-n " + ns() + " delete serviceaccount watcher");
        kubectl("-n " + ns() + " create serviceaccount watcher");
    }
    std::string new_token() const {
        auto token = kubectl("-n " + ns() + " create token watcher --duration=10m");
        while (token.ends_with('\n')) token.pop_back();
        return token;
    }
    /// As the kubelet does: a new file in the old one's place.
    void put(std::string const& token) const {
        std::ofstream(folder_ + "token.new") << token << '\n';
        std::filesystem::rename(folder_ + "token.new", folder_ + "token");
    }
    /// Writes a kubeconfig with `user` and tells its path.
    std::string kubeconfig(std::string const& name, std::string const& user) const {
        auto path = folder_ + name;
        std::ofstream(path) << fmt::format(R"(
current-context: c
contexts: [{{name: c, context: {{cluster: k, user: u, namespace: {}}}}}]
clusters: [{{name: k, cluster: {{server: "{}", certificate-authority: ca.crt}}}}]
users: [{{name: u, user: {{{}}}}}]
)",
                                           ns(), std::getenv("SERVER"), user);
        return path;
    }

private:
    std::string ns_ = "rotation";
    std::string folder_;
};

/// How the lists of one login ended.
struct Endings {
    int well = 0;
    int unauthorized = 0;
    std::vector<std::string> otherwise;
};

/// A kubeconfig with a tokenFile that lists on and on, and a pod's own account that holds an informer; who writes.
struct Scene {
    explicit Scene(Account const& account)
        : ns(account.ns()),
          files(runtime.files(), account.folder()),
          by_file(runtime, account.kubeconfig("file.kubeconfig", "tokenFile: token")),
          in_pod(runtime, kube::ConfigOptions{.environment = pod_environment}, files),
          admin(runtime),
          // Watches are short, because a server asks who we are only when one begins.
          informer(
              runtime.executor(), in_pod.client(), runtime.clock(), runtime.random(),
              {.resource = leases, .ns = ns, .first_backoff = 50ms, .longest_backoff = 200ms, .shortest_watch = 1s},
              [](kube::Object const& object) { return std::optional(kube::key_of(object).key); }),
          tasks(runtime.executor()) {
        informer.add_handlers(
            {.added = [this](std::string const& key, std::string const&) { ++added[key]; },
             .updated = [this](std::string const&, std::string const&, std::string const&) { ++others; },
             .deleted = [this](std::string const&, std::string const&) { ++others; }});
    }

    Deadline soon() { return runtime.clock().now() + 3min; }

    cli::Runtime runtime;
    std::string ns;
    PodFiles files;
    Login by_file;
    Login in_pod;
    Login admin;
    Endings endings;
    std::map<std::string, int> added;
    int others = 0;
    kube::Informer<std::string> informer;
    TaskGroup tasks;
};

Async<void> list_on_and_on(Scene& scene) {
    while (true) {
        auto const deadline = scene.soon();
        auto const end = co_await scene.by_file.client().list(
            leases, scene.ns, {}, kube::Projection::all(), [](kube::Object) {}, [] {}, deadline);
        if (end) {
            ++scene.endings.well;
        } else if (end.error().code() == Errc::unauthorized) {
            ++scene.endings.unauthorized;
        } else {
            scene.endings.otherwise.push_back(end.error().text());
        }
        co_await scene.runtime.clock().sleep_for(50ms, "the next list");
    }
}

Async<bool> until(Scene& scene, std::function<bool()> condition) {
    auto const deadline = scene.soon();
    while (!condition() && scene.runtime.clock().now() < deadline) {
        co_await scene.runtime.clock().sleep_for(20ms, "a condition of the test");
    }
    co_return condition();
}

Async<void> create_lease(Scene& scene, std::string name) {
    kube::Object object{{"metadata", {{"name", name}}}, {"spec", {{"holderIdentity", "me"}}}};
    auto const deadline = scene.soon();
    auto const made = co_await scene.admin.client().create(leases, scene.ns, std::move(object), deadline);
    EXPECT_TRUE(made) << name;
}

// Ten lists and two watches go well, not one of them fails, and a new object is heard of once.
Async<void> expect_all_well(Scene& scene, std::string lease) {
    auto const before = scene.endings;
    auto const watches = scene.informer.reflector().watches();
    bool const listed = co_await until(scene, [&] {
        return scene.endings.well >= before.well + 10 && scene.informer.reflector().watches() >= watches + 2 &&
               !scene.informer.reflector().last_error();
    });
    EXPECT_TRUE(listed) << lease;
    EXPECT_EQ(scene.endings.unauthorized, before.unauthorized) << lease;
    co_await create_lease(scene, lease);
    auto const key = scene.ns + "/" + lease;
    bool const heard = co_await until(scene, [&] { return scene.added.contains(key); });
    EXPECT_TRUE(heard) << lease;
}

Async<void> rotate(Scene& scene, Account const& account) {
    scene.tasks.spawn(scene.informer.run());
    scene.tasks.spawn(list_on_and_on(scene));
    co_await expect_all_well(scene, "first");

    // What a kubelet does all the time: the old token is good for a while yet.
    account.put(account.new_token());
    co_await expect_all_well(scene, "renewed");
    EXPECT_EQ(scene.endings.unauthorized, 0);

    // The server remembers for 10 s that it accepted a token.
    account.recreate();
    bool const refused = co_await until(scene, [&] {
        auto const& error = scene.informer.reflector().last_error();
        return scene.endings.unauthorized > 0 && error && error->code() == Errc::unauthorized;
    });
    EXPECT_TRUE(refused) << "the old token is good for ever";
    auto const fresh = account.new_token();
    // A request that is on its way has taken the old token along.
    auto const asked = scene.endings.well + scene.endings.unauthorized;
    account.put(fresh);
    co_await until(scene, [&] { return scene.endings.well + scene.endings.unauthorized > asked; });
    co_await expect_all_well(scene, "replaced");

    EXPECT_EQ(scene.endings.otherwise, std::vector<std::string>{});
    for (auto const& [key, times] : scene.added) EXPECT_EQ(times, 1) << key;
    EXPECT_EQ(scene.added.size(), 3u);
    EXPECT_EQ(scene.others, 0);
    co_await scene.tasks.stop();
}

void expect_that_a_check_says_why(std::string const& kubeconfig) {
    auto const document = check_json("--kubeconfig " + kubeconfig);
    EXPECT_EQ(document.at("status").as_string(), "critical");
    EXPECT_EQ(status_of(document, "apiserver-livez"), "critical");
    EXPECT_THAT(std::string(entry(document, "apiserver-livez").at("message").as_string()),
                testing::StartsWith("the API server does not accept our credentials (401)"));
    auto const& pods = entry(document, "pods-crashloop");
    EXPECT_EQ(pods.at("status").as_string(), "unknown");
    EXPECT_TRUE(pods.at("message").as_string().starts_with("could not list pods: ")) << pods;
}

TEST(TokenRotation, RequestsGoOnWithTheNewTokenAndACheckWithTheOldOneSaysWhyItFails) {
    Account const account;
    auto const old = account.kubeconfig("old.kubeconfig", "token: " + account.new_token());
    EXPECT_NE(status_of(check_json("--kubeconfig " + old), "apiserver-livez"), "critical");
    Scene scene(account);
    scene.runtime.run(rotate(scene, account));
    expect_that_a_check_says_why(old);
}

}  // namespace
}  // namespace vedette::cluster
