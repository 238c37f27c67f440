// Five thousand pods on fifty nodes, made by our own client with the status written directly: KWOK alone would need
// minutes. It and the controllers stand still meanwhile: KWOK would make ready every pod that it ever saw Pending, and
// all of them would take the two cores' time. Started again, they find things as they were left.

#include "base/task_group.hpp"
#include "cluster/expect.hpp"
#include "cluster/login.hpp"
#include "cluster/stopped.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <list>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vedette::cluster {
namespace {

constexpr int pod_count = 5000;
constexpr int node_count = 50;
constexpr int makers = 8;
constexpr char const* watchers[] = {"kwok", "kube-controller-manager", "kube-scheduler"};

kube::Resource const pods{.group = "", .version = "v1", .plural = "pods", .kind = "Pod"};

enum class State { healthy, crash_loop, image_pull, unready, oom_killed, restarted, unschedulable };

struct Share {
    State state;
    int count;
};

constexpr Share shares[] = {{State::crash_loop, 17}, {State::image_pull, 23}, {State::unready, 11},
                            {State::oom_killed, 7},  {State::restarted, 31},  {State::unschedulable, 13}};

State state_of(int number) {
    for (auto const& share : shares) {
        if (number < share.count) return share.state;
        number -= share.count;
    }
    return State::healthy;
}

std::string ago(std::chrono::minutes age) {
    auto text = run(fmt::format("date -u -d '{} minutes ago' +%Y-%m-%dT%H:%M:%SZ", age.count())).text;
    text.pop_back();
    return text;
}

struct Times {
    std::string hour = ago(std::chrono::minutes(60));
    std::string minutes = ago(std::chrono::minutes(10));
};

boost::json::object pod_of(int number) {
    boost::json::object spec{
        {"terminationGracePeriodSeconds", 0},
        {"tolerations", boost::json::array{{{"key", "kwok.x-k8s.io/node"}, {"operator", "Exists"}}}},
        {"containers",
         boost::json::array{{{"name", "app"},
                             {"image", "registry.invalid/shop/app:1.2.3"},
                             {"env", boost::json::array{{{"name", "SHOP"}, {"value", "north"}}}},
                             {"resources", {{"requests", {{"cpu", "10m"}}}, {"limits", {{"memory", "64Mi"}}}}}}}}};
    if (state_of(number) == State::unschedulable) {
        spec["schedulerName"] = "nobody";
    } else {
        spec["nodeName"] = fmt::format("fake-{}", number % node_count);
    }
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", {{"name", fmt::format("app-{:04}", number)}, {"labels", {{"app", "shop"}}}}},
            {"spec", std::move(spec)}};
}

boost::json::object container_of(State state, Times const& times) {
    boost::json::object const ended{{"exitCode", state == State::oom_killed ? 137 : 1},
                                    {"reason", state == State::oom_killed ? "OOMKilled" : "Error"},
                                    {"finishedAt", times.minutes}};
    boost::json::object container{{"name", "app"},     {"image", "registry.invalid/shop/app:1.2.3"},
                                  {"imageID", ""},     {"ready", state != State::unready},
                                  {"restartCount", 0}, {"state", {{"running", {{"startedAt", times.hour}}}}}};
    switch (state) {
        case State::crash_loop:
            container["ready"] = false;
            container["restartCount"] = 12;
            container["state"] = {{"waiting", {{"reason", "CrashLoopBackOff"}}}};
            container["lastState"] = {{"terminated", ended}};
            break;
        case State::image_pull:
            container["ready"] = false;
            container["state"] = {{"waiting", {{"reason", "ImagePullBackOff"}}}};
            break;
        case State::oom_killed:
            container["restartCount"] = 1;
            container["lastState"] = {{"terminated", ended}};
            break;
        case State::restarted:
            container["restartCount"] = 6;
            container["lastState"] = {{"terminated", ended}};
            break;
        case State::healthy:
        case State::unready:
        case State::unschedulable:
            break;
    }
    return container;
}

boost::json::object pod_status(State state, Times const& times) {
    if (state == State::unschedulable) {
        return {{"phase", "Pending"},
                {"conditions", boost::json::array{{{"type", "PodScheduled"},
                                                   {"status", "False"},
                                                   {"reason", "Unschedulable"},
                                                   {"message", "0/50 nodes are available"},
                                                   {"lastTransitionTime", times.hour}}}}};
    }
    auto container = container_of(state, times);
    auto const ready = container.at("ready").as_bool() ? "True" : "False";
    boost::json::array conditions;
    for (auto const* type : {"Initialized", "ContainersReady", "Ready", "PodScheduled"}) {
        auto const follows = std::string_view(type).ends_with("Ready");
        conditions.push_back(
            {{"type", type}, {"status", follows ? ready : "True"}, {"lastTransitionTime", times.hour}});
    }
    return {{"phase", "Running"},
            {"startTime", times.hour},
            {"conditions", std::move(conditions)},
            {"containerStatuses", boost::json::array{std::move(container)}}};
}

/// Makes all pods, `makers` at a time.
class PodMaker {
public:
    PodMaker(cli::Runtime& runtime, kube::Client& client, std::string ns)
        : runtime_(runtime), client_(client), ns_(std::move(ns)), group_(runtime.executor()) {}

    Async<void> run() {
        for (int i = 0; i < makers; ++i) group_.spawn(make());
        co_await group_.join();
    }
    std::string const& error() const { return error_; }

private:
    Async<void> make() {
        while (next_ < pod_count && error_.empty()) {
            auto const number = next_++;
            auto const deadline = runtime_.clock().now() + 60s;
            auto object = pod_of(number);
            auto const made = co_await client_.create(pods, ns_, std::move(object), deadline);
            if (!made) {
                error_ = made.error().text();
                co_return;
            }
            boost::json::value patch{{"status", pod_status(state_of(number), times_)}};
            auto const patched = co_await client_.patch(pods, ns_, fmt::format("app-{:04}", number), kube::Patch::merge,
                                                        std::move(patch), in_status_, deadline);
            if (!patched) error_ = patched.error().text();
        }
    }

    cli::Runtime& runtime_;
    kube::Client& client_;
    std::string ns_;
    Times times_;
    kube::PatchOptions in_status_{.subresource = "status"};
    int next_ = 0;
    std::string error_;
    TaskGroup group_;
};

void make_pods(std::string const& ns) {
    {
        std::list<Stopped> standing_still;
        for (auto const* program : watchers) standing_still.emplace_back(program);
        cli::Runtime runtime;
        Login login(runtime);
        PodMaker maker(runtime, login.client(), ns);
        auto const began = runtime.clock().now();
        runtime.run(maker.run());
        EXPECT_EQ(maker.error(), "");
        fmt::print("made {} pods in {:.1f} s\n", pod_count,
                   std::chrono::duration<double>(runtime.clock().now() - began).count());
        for (auto const* program : watchers) restart(program);
    }
}

struct Measured {
    boost::json::object document;
    rusage usage{};
};

Measured measured_check() {
    File const output("");
    auto const command = fmt::format("exec {} check -o json >{}", variable("VEDETTE_BIN"), output.path());
    auto const child = ::fork();
    if (child == 0) {
        ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        ::_exit(127);
    }
    int status = 0;
    Measured measured;
    EXPECT_EQ(::wait4(child, &status, 0, &measured.usage), child);
    EXPECT_EQ(WEXITSTATUS(status), 1) << "some pods are broken";
    measured.document = boost::json::parse(run("cat " + output.path()).text).as_object();
    return measured;
}

std::int64_t count_of(boost::json::object const& document, std::string_view check, char const* key) {
    return entry(document, check).at(key).to_number<std::int64_t>();
}

TEST(RealScale, FiveThousandPodsAreCountedRightUnderTheDefaultDeadlines) {
    ASSERT_EQ(run(fmt::format("{}/fake-nodes {}", CLUSTER_SOURCE_DIR, node_count)).code, 0);
    Namespace const ns;
    make_pods(ns.name());
    // Whoever was killed left a lease behind that only its time takes away.
    EXPECT_TRUE(eventually([] { return status_of(check_json("-n leader-leases"), "leader-leases") == "ok"; }));

    Measured measured;
    EXPECT_TRUE(eventually([&] {
        measured = measured_check();
        return !in_bad_weather(measured.document);
    }));
    auto const& [document, usage] = measured;
    fmt::print("checked in {:.2f} s, peak memory {:.1f} MiB, {:.2f} s of CPU\n",
               document.at("duration_seconds").to_number<double>(), static_cast<double>(usage.ru_maxrss) / 1024,
               static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    EXPECT_EQ(unhealthy(document), (std::set<std::string>{"pods-crashloop", "pods-image-pull", "pods-not-ready",
                                                          "pods-oom", "pods-restarts", "pods-unschedulable"}));
    for (auto const& check : document.at("checks").as_array()) {
        EXPECT_NE(check.at("status").as_string(), "unknown") << check;
        EXPECT_NE(check.at("status").as_string(), "timeout") << check;
    }
    struct Row {
        std::string_view check;
        std::int64_t failed;
    };
    for (auto const& [check, failed] :
         {Row{"pods-crashloop", 17}, Row{"pods-image-pull", 23}, Row{"pods-not-ready", 17 + 23 + 11},
          Row{"pods-oom", 7}, Row{"pods-restarts", 17 + 31}, Row{"pods-unschedulable", 13}}) {
        EXPECT_EQ(count_of(document, check, "checked"), pod_count) << check;
        EXPECT_EQ(count_of(document, check, "failed"), failed) << check;
    }
    EXPECT_EQ(count_of(document, "nodes-ready", "checked"), node_count);
    EXPECT_EQ(count_of(document, "nodes-ready", "failed"), 0);
}

}  // namespace
}  // namespace vedette::cluster
