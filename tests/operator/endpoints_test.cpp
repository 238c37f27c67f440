#include "operator/endpoints.hpp"

#include "kube/memory_files.hpp"
#include "kube/scripted_api.hpp"
#include "net/http_world.hpp"

#include <gmock/gmock.h>

namespace vedette::op {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ParseBindAddress, ReadsWhatGoReads) {
    struct Row {
        char const* text;
        net::Endpoint want;
    };
    for (auto const& row : {
             Row{":8080", {"", 8080}},
             Row{":0", {"", 0}},
             Row{"127.0.0.1:9090", {"127.0.0.1", 9090}},
             Row{"0.0.0.0:65535", {"0.0.0.0", 65535}},
             Row{"[::1]:80", {"::1", 80}},
             Row{"[::]:8081", {"::", 8081}},
             Row{"localhost:1", {"127.0.0.1", 1}},
         }) {
        auto const at = parse_bind_address(row.text);
        ASSERT_TRUE(at) << at.error().text();
        EXPECT_EQ(*at, row.want) << row.text;
    }
}

TEST(ParseBindAddress, ZeroAndNothingSwitchOff) {
    EXPECT_EQ(parse_bind_address("0"), Result<std::optional<net::Endpoint>>(std::nullopt));
    EXPECT_EQ(parse_bind_address(""), Result<std::optional<net::Endpoint>>(std::nullopt));
}

TEST(ParseBindAddress, SaysWhatIsWrongAndWhatToWrite) {
    struct Row {
        char const* text;
        char const* what;
    };
    for (auto const& row : {
             Row{"8080", "it has no port"},
             Row{"127.0.0.1", "it has no port"},
             Row{":", "its port is not a number from 0 to 65535"},
             Row{":65536", "its port is not"},
             Row{":-1", "its port is not"},
             Row{":http", "its port is not"},
             Row{":80 ", "its port is not"},
             Row{"::1:80", "an IPv6 address stands in brackets"},
             Row{"[::1]", "its port is not"},
             Row{"[127.0.0.1]:80", "brackets are for IPv6 addresses"},
             Row{"[]:80", "its host is not an IP address"},
             Row{"metrics.shop:80", "its host is not an IP address"},
             Row{"[::1]x:80", "an IPv6 address stands"},
         }) {
        auto const at = parse_bind_address(row.text);
        ASSERT_FALSE(at) << row.text;
        EXPECT_EQ(at.error().code(), Errc::invalid_input);
        EXPECT_THAT(at.error().text(), HasSubstr(row.what)) << row.text;
        EXPECT_THAT(at.error().text(), testing::EndsWith("write :8080, 127.0.0.1:8080 or [::1]:8080, or 0 for none"));
    }
}

Health well() {
    return {};
}
Health late() {
    return {false, "health/hello was due 40s ago and was not attempted"};
}

TEST(HealthAnswer, IsOkOrASentenceForEachPartThatIsNotWell) {
    auto const good = health_answer("healthz", {{"ping", well}, {"scheduler", well}}, false);
    EXPECT_EQ(good.status, 200);
    EXPECT_EQ(good.text, "ok");
    auto const bad = health_answer("healthz", {{"ping", well}, {"scheduler", late}}, false);
    EXPECT_EQ(bad.status, 500);
    EXPECT_EQ(bad.text, "scheduler: health/hello was due 40s ago and was not attempted\n");
    EXPECT_EQ(health_answer("healthz", {}, false).status, 200);
}

TEST(HealthAnswer, VerboseListsAllPartsAsKubernetesDoes) {
    EXPECT_EQ(health_answer("readyz", {{"ping", well}, {"informers", well}}, true).text,
              "[+]ping ok\n[+]informers ok\nreadyz check passed\n");
    auto const noted = health_answer("readyz", {{"ping", well}, {"policy", [] { return Health{.why = "x"}; }}}, true);
    EXPECT_EQ(noted.status, 200);
    EXPECT_EQ(noted.text, "[+]ping ok\n[+]policy ok, but x\nreadyz check passed\n");
    auto const bad = health_answer("healthz", {{"ping", well}, {"scheduler", late}}, true);
    EXPECT_EQ(bad.status, 500);
    EXPECT_EQ(bad.text,
              "[+]ping ok\n[-]scheduler failed: health/hello was due 40s ago and was not attempted\n"
              "healthz check failed\n");
}

class EndpointsTest : public testing::Test {
protected:
    static constexpr std::uint16_t probe_port = 8081;
    static constexpr std::uint16_t metrics_port = 8080;

    EndpointsDoors doors() {
        return {.executor = http_.world.executor(),
                .clock = http_.world.clock(),
                .files = files_,
                .registry = registry_,
                .client = client_,
                .listen = [this](net::Endpoint at) -> Result<std::unique_ptr<net::Listener>> {
                    if (at == taken_) return fail(Errc::io, "listen on {}: Address already in use", to_string(at));
                    if (at.host.empty()) at.host = "pod";
                    return http_.network.listen(at);
                },
                .warn = [this](std::string sentence) { warnings_.push_back(std::move(sentence)); }};
    }
    void open(EndpointsOptions options = {}) {
        auto opened = Endpoints::open(doors(), std::move(options));
        ASSERT_TRUE(opened) << opened.error().text();
        endpoints_ = std::move(*opened);
        http_.tasks.spawn(serve(*endpoints_));
    }
    static Async<void> serve(Endpoints& endpoints) {
        auto const ended = co_await endpoints.serve();
        EXPECT_TRUE(ended) << ended.error().text();
    }
    void TearDown() override { http_.world.run(http_.tasks.stop()); }

    net::Fetched ask(std::uint16_t port, std::string target, std::string method = "GET") {
        auto got = http_.send({.endpoint = {"pod", port}}, {.method = std::move(method), .target = std::move(target)});
        if (!got) throw std::runtime_error(got.error().text());
        return std::move(*got);
    }

    net::HttpWorld http_;
    kube::MemoryFiles files_;
    metrics::Registry registry_;
    kube::ScriptedApi api_{{}};
    kube::Client client_{api_, http_.world.clock(), http_.world.random()};
    std::optional<net::Endpoint> taken_;
    std::vector<std::string> warnings_;
    std::unique_ptr<Endpoints> endpoints_;
};

TEST_F(EndpointsTest, TheKubeletFindsProbesAndPrometheusMetricsAtTheDefaultPorts) {
    registry_.declare<metrics::Gauge>({"zebras", "Striped."}).only().set(3);
    open();
    auto const alive = ask(probe_port, "/healthz");
    EXPECT_EQ(alive.status, 200);
    EXPECT_EQ(alive.body, "ok");
    auto const scrape = ask(metrics_port, "/metrics?name=x");
    EXPECT_EQ(scrape.status, 200);
    EXPECT_EQ(scrape.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_THAT(scrape.body, testing::EndsWith("# HELP zebras Striped.\n# TYPE zebras gauge\nzebras 3.0\n"));
    EXPECT_THAT(scrape.body, HasSubstr("\ncertwatcher_read_certificate_total 0.0\n"));
    EXPECT_EQ(api_.requests.size(), 0u) << "nobody is reviewed where all may read";
}

TEST_F(EndpointsTest, AProbeAsksItsOwnPartsEachTime) {
    bool synced = false;
    open({.healthz = {{"scheduler", well}},
          .readyz = {{"informers", [&] { return synced ? Health{} : Health{false, "HealthChecks are not listed"}; }}}});
    EXPECT_EQ(ask(probe_port, "/readyz").status, 500);
    EXPECT_EQ(ask(probe_port, "/readyz").body, "informers: HealthChecks are not listed\n");
    EXPECT_EQ(ask(probe_port, "/healthz").status, 200);
    synced = true;
    EXPECT_EQ(ask(probe_port, "/readyz").body, "ok");
    EXPECT_EQ(ask(probe_port, "/readyz?a=b&verbose").body, "[+]informers ok\nreadyz check passed\n");
    EXPECT_EQ(ask(probe_port, "/healthz?verbose=1").body, "[+]scheduler ok\nhealthz check passed\n");
    EXPECT_EQ(ask(probe_port, "/healthz?verbosely").body, "ok");
}

TEST_F(EndpointsTest, OtherPathsAndMethodsAreRefused) {
    open();
    EXPECT_EQ(ask(probe_port, "/").status, 404);
    EXPECT_EQ(ask(probe_port, "/metrics").status, 404);
    EXPECT_EQ(ask(metrics_port, "/healthz").status, 404);
    EXPECT_EQ(ask(metrics_port, "/metrics", "POST").status, 405);
    auto const put = ask(probe_port, "/healthz", "PUT");
    EXPECT_EQ(put.status, 405);
    EXPECT_EQ(put.headers.get("Allow"), "GET, HEAD");
    EXPECT_EQ(ask(probe_port, "/readyz", "HEAD").body, "");
}

TEST_F(EndpointsTest, ZeroSwitchesEachOff) {
    open({.probe_address = "0", .metrics_address = "0"});
    EXPECT_EQ(endpoints_->probes(), std::nullopt);
    EXPECT_EQ(endpoints_->metrics(), std::nullopt);
    EXPECT_FALSE(http_.get({.endpoint = {"pod", probe_port}}));
}

TEST_F(EndpointsTest, WhatCannotBeBoundIsOneSentenceThatNamesTheFlag) {
    taken_ = net::Endpoint{"", 8080};
    auto const busy = Endpoints::open(doors(), {});
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error(), Error(Errc::io, "--metrics-bind-address :8080: listen on :8080: Address already in use"));
    auto const wrong = Endpoints::open(doors(), {.probe_address = "everywhere"});
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().text(), testing::StartsWith("--health-probe-bind-address: \"everywhere\" is no address"));
    auto const no_files = Endpoints::open(doors(), {.metrics_secure = true, .metrics_certificate_path = "/certs"});
    ASSERT_FALSE(no_files);
    EXPECT_EQ(no_files.error(), Error(Errc::not_found, "--metrics-cert-path: /certs/tls.crt: no such file"));
}

TEST_F(EndpointsTest, AScrapeOfManySeriesComesWholeWhileProbesAreAnswered) {
    auto& zebras = registry_.declare<metrics::Gauge>({"zebras", "", {"name"}});
    for (int i = 0; i < 20'000; ++i) zebras.with({std::to_string(i)});
    open();
    auto const scrape = ask(metrics_port, "/metrics");
    EXPECT_EQ(std::ranges::count(scrape.body, '\n'), 20'008) << "and six lines about certificates";
    EXPECT_EQ(ask(probe_port, "/healthz").status, 200);
}

class BrokenListener final : public net::Listener {
public:
    Task<std::unique_ptr<net::Stream>> accept() override { co_return fail(Errc::io, "accept on :8080: broken"); }
    net::Endpoint local() const override { return {"pod", 8080}; }
};

TEST_F(EndpointsTest, AListenerThatBreaksEndsServingWithItsError) {
    auto with_broken = doors();
    with_broken.listen = [](net::Endpoint) -> Result<std::unique_ptr<net::Listener>> {
        return std::make_unique<BrokenListener>();
    };
    auto const endpoints = Endpoints::open(std::move(with_broken), {.probe_address = "0"});
    ASSERT_TRUE(endpoints);
    auto const ended = http_.world.run((*endpoints)->serve());
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error(), Error(Errc::io, "accept on :8080: broken"));
}

}  // namespace
}  // namespace vedette::op
