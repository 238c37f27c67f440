// make_pods NAMESPACE FIRST COUNT NODES: makes the pods bench-FIRST, ... on the nodes fake-0 ... fake-(NODES-1) of the
// cluster that the kubeconfig names, each Running and Ready.
//
// The status is written right after the pod, as a kubelet would have left it: waiting for KWOK to do so takes a minute
// for a thousand pods.

#include "base/task_group.hpp"
#include "base/time_format.hpp"
#include "cli/runtime.hpp"
#include "kube/client.hpp"
#include "kube/config.hpp"
#include "kube/http_api.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

namespace vedette {
namespace {

namespace json = boost::json;

kube::Resource const pods{"", "v1", "pods", "Pod", true};
constexpr int makers = 8;  // as many as the client opens connections
constexpr auto patience = std::chrono::minutes(10);

struct Order {
    std::string ns;
    std::size_t next = 0;
    std::size_t end = 0;
    std::size_t nodes = 1;
    std::string now;
    std::string trouble;
};

json::value container(std::string_view name) {
    return {
        {"name", name},
        {"image", fmt::format("registry.invalid/shop/{}:1.27.3", name)},
        {"imagePullPolicy", "IfNotPresent"},
        {"ports", {{{"name", "http"}, {"containerPort", 8080}, {"protocol", "TCP"}}}},
        {"env",
         {{{"name", "LOG_LEVEL"}, {"value", "info"}},
          {{"name", "DATABASE_URL"}, {"value", "postgres://db.shop.svc.cluster.local:5432/orders?sslmode=verify-full"}},
          {{"name", "POD_IP"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "status.podIP"}}}}}}}},
        {"resources",
         {{"requests", {{"cpu", "10m"}, {"memory", "64Mi"}}}, {"limits", {{"cpu", "500m"}, {"memory", "256Mi"}}}}},
        {"readinessProbe", {{"httpGet", {{"path", "/ready"}, {"port", "http"}}}, {"periodSeconds", 5}}},
        {"livenessProbe", {{"httpGet", {{"path", "/live"}, {"port", "http"}}}, {"initialDelaySeconds", 10}}},
        {"volumeMounts", {{{"name", "data"}, {"mountPath", "/var/lib/data"}}}}};
}

json::object pod(Order const& order, std::size_t number) {
    auto const labels = json::object{{"app.kubernetes.io/name", fmt::format("web-{}", number / 10)},
                                     {"app.kubernetes.io/part-of", "shop"},
                                     {"pod-template-hash", "6d4cf56db6"}};
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", {{"name", fmt::format("bench-{}", number)}, {"namespace", order.ns}, {"labels", labels}}},
            {"spec",
             {{"nodeName", fmt::format("fake-{}", number % order.nodes)},
              {"tolerations", {{{"operator", "Exists"}}}},
              {"containers", {container("web"), container("sidecar")}},
              {"volumes", {{{"name", "data"}, {"emptyDir", json::object{}}}}}}}};
}

json::value status(Order const& order, std::size_t number) {
    json::array conditions;
    for (auto const* type : {"PodScheduled", "Initialized", "ContainersReady", "Ready"}) {
        conditions.push_back({{"type", type}, {"status", "True"}, {"lastTransitionTime", order.now}});
    }
    json::array containers;
    for (auto const* name : {"web", "sidecar"}) {
        containers.push_back({{"name", name},
                              {"image", fmt::format("registry.invalid/shop/{}:1.27.3", name)},
                              {"imageID", fmt::format("registry.invalid/shop/{}@sha256:{:064x}", name, number)},
                              {"containerID", fmt::format("containerd://{:064x}", number)},
                              {"ready", true},
                              {"started", true},
                              {"restartCount", 0},
                              {"state", {{"running", {{"startedAt", order.now}}}}}});
    }
    auto const ip = fmt::format("10.{}.{}.{}", 64 + number / 65536, number / 256 % 256, number % 256);
    return {{"status",
             {{"phase", "Running"},
              {"hostIP", "10.0.0.1"},
              {"podIP", ip},
              {"podIPs", {{{"ip", ip}}}},
              {"startTime", order.now},
              {"qosClass", "Burstable"},
              {"conditions", conditions},
              {"containerStatuses", containers}}}};
}

Task<void> make(kube::Client& client, Order const& order, std::size_t number, Deadline deadline) {
    auto object = pod(order, number);
    auto const name = fmt::format("bench-{}", number);
    auto made = co_await client.create(pods, order.ns, std::move(object), deadline);
    if (!made) co_return pass(made);
    kube::PatchOptions options{.subresource = "status"};
    auto patch = status(order, number);
    auto patched =
        co_await client.patch(pods, order.ns, name, kube::Patch::merge, std::move(patch), std::move(options), deadline);
    if (!patched) co_return pass(patched);
    co_return Result<void>{};
}

Async<void> keep_making(kube::Client& client, Order& order, Deadline deadline) {
    while (order.next < order.end && order.trouble.empty()) {
        auto const number = order.next++;
        auto const made = co_await make(client, order, number, deadline);
        if (!made) order.trouble = made.error().text();
    }
}

Async<void> make_all(kube::Client& client, Clock& clock, Order& order) {
    auto const executor = co_await asio::this_coro::executor;
    TaskGroup group(executor);
    for (int i = 0; i < makers; ++i) group.spawn(keep_making(client, order, clock.now() + patience));
    co_await group.join();
}

std::optional<std::size_t> number_in(char const* text) {
    std::size_t number = 0;
    auto const* const end = text + std::strlen(text);
    auto const parsed = std::from_chars(text, end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return number;
}

Result<void> run(Order& order) {
    cli::Runtime runtime;
    auto target = kube::load_target({.environment = cli::environment}, runtime.files());
    if (!target) return pass(target);
    auto api = kube::make_http_api(*target, runtime.transport());
    if (!api) return pass(api);
    kube::Client client(**api, runtime.clock(), runtime.random());
    order.now = format_rfc3339(runtime.clock().wall());
    runtime.run(make_all(client, runtime.clock(), order));
    if (!order.trouble.empty()) return fail(Errc::rejected, "{}", order.trouble);
    return {};
}

}  // namespace
}  // namespace vedette

int main(int argc, char** argv) {
    using namespace vedette;
    auto const first = argc == 5 ? number_in(argv[2]) : std::nullopt;
    auto const count = argc == 5 ? number_in(argv[3]) : std::nullopt;
    auto const nodes = argc == 5 ? number_in(argv[4]) : std::nullopt;
    if (!first || !count || !nodes || *nodes == 0) {
        fmt::print(stderr, "usage: {} NAMESPACE FIRST COUNT NODES\n", argv[0]);
        return 2;
    }
    Order order{.ns = argv[1], .next = *first, .end = *first + *count, .nodes = *nodes};
    auto const done = run(order);
    if (done) return 0;
    fmt::print(stderr, "{}\n", done.error().text());
    return 1;
}
