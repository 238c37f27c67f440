// The simulated cluster from outside: its kubeconfig, over real TLS, by our own client.

#include "sim/https_front.hpp"

#include "base/json.hpp"
#include "kube/client.hpp"
#include "kube/config.hpp"
#include "kube/http_api.hpp"
#include "kube/memory_files.hpp"
#include "net/http_client.hpp"
#include "net/real_sockets.hpp"
#include "sim/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::sim {
namespace {

kube::Resource const nodes{"", "v1", "nodes", "Node", false};

class Front : public testing::Test {
protected:
    Front() {
        find_scenario("healthy")->fill(server_, sockets_.clock().wall());
        front_ = *HttpsFront::open(sockets_.executor(), sockets_.clock(), server_, keys_, {"127.0.0.1", 0});
        files_.texts["/config"] = kubeconfig_for(front_->local(), keys_, "sim");
        tasks_.spawn(front_->serve());
    }
    void TearDown() override {
        http_->close_idle();
        sockets_.run(net::stop_group(tasks_));
    }
    kube::Target target() { return kube::load_target({.kubeconfig = "/config"}, files_).value(); }
    Result<kube::Object> get_node(kube::Target const& target) {
        auto const api = kube::make_http_api(
            target,
            {.http = *http_, .clock = sockets_.clock(), .files = files_, .process = *process_, .environment = {}});
        kube::Client client(*api.value(), sockets_.clock(), random_);
        return sockets_.run(client.get(nodes, "", "worker-1", sockets_.soon()));
    }

    net::RealSockets sockets_;
    Random random_{7};
    Keys keys_ = make_keys(sockets_.clock().wall(), random_, std::chrono::days(1));
    kube::fake::ApiServer server_{sockets_.executor(), sockets_.clock(), random_};
    std::unique_ptr<HttpsFront> front_;
    kube::MemoryFiles files_;
    std::unique_ptr<net::Resolver> resolver_ = net::make_system_resolver(sockets_.executor(), sockets_.clock());
    std::unique_ptr<net::Dialer> dialer_ = net::make_system_dialer(sockets_.executor(), sockets_.clock(), *resolver_);
    std::unique_ptr<net::Tls> tls_ = net::make_tls(sockets_.clock());
    std::unique_ptr<net::HttpClient> http_ =
        net::make_http_client(sockets_.executor(), sockets_.clock(), *dialer_, *tls_);
    std::unique_ptr<Process> process_ = make_system_process(sockets_.executor(), sockets_.clock());
    TaskGroup tasks_{sockets_.executor()};
};

TEST_F(Front, TheKubeconfigItWritesLetsUsIn) {
    auto const node = get_node(target());
    ASSERT_TRUE(node) << node.error().text();
    EXPECT_EQ(get_string(*node, "metadata.name"), "worker-1");
}

TEST_F(Front, TheTokenIsAsGoodAsTheCertificate) {
    auto target = this->target();
    target.credentials = {};
    target.credentials.token = keys_.token;
    auto const node = get_node(target);
    ASSERT_TRUE(node) << node.error().text();
}

TEST_F(Front, NobodyElseIsLetIn) {
    auto target = this->target();
    target.credentials = {};
    EXPECT_EQ(get_node(target).error().code(), Errc::unauthorized);
    target.credentials.token = keys_.token + "x";
    auto const refused = get_node(target);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::unauthorized);
    EXPECT_THAT(refused.error().text(), testing::Not(testing::HasSubstr(keys_.token)));
}

TEST_F(Front, OnlyItsOwnAuthorityVouchesForIt) {
    auto target = this->target();
    target.ca_pem = make_keys(sockets_.clock().wall(), random_, std::chrono::days(1)).authority.certificate_pem;
    EXPECT_EQ(get_node(target).error().code(), Errc::tls_failure);
}

}  // namespace
}  // namespace vedette::sim
