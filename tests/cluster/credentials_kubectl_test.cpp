// kubectl and we read kubeconfigs alike. Three witnesses: what `kubectl config view` makes of each case in
// tests/kube/testdata, the request that kubectl would send for it (its log at -v=8, all roads closed), and what a real
// server says about either of us. Where expected.json names a difference, kubectl must still differ in just that way.

#include "base/base64.hpp"
#include "base/json.hpp"
#include "cluster/cluster.hpp"
#include "cluster/login.hpp"
#include "kube/http_api.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

std::filesystem::path const cases = KUBECONFIG_CASES;
constexpr char const* closed_proxy = "http://127.0.0.1:1";

using Fields = std::map<std::string, std::string>;

std::string text_of(std::filesystem::path const& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string quoted(std::string const& text) {
    return "'" + text + "'";
}

/// One folder of cases.
struct Case {
    explicit Case(std::string const& name) : folder((cases / name).string() + "/") {
        auto const expected = json::parse(text_of(folder + "expected.json")).as_object();
        kubeconfig = get_string(expected, "kubeconfig");
        list = get_string(expected, "KUBECONFIG");
        context = get_string(expected, "context");
        kubectl = get_string(expected, "kubectl");
        usable = expected.contains("target");
    }

    bool agrees() const { return kubectl.starts_with("agrees"); }

    std::string folder;
    std::string kubeconfig;
    std::string list;
    std::string context;
    std::string kubectl;  ///< what it does in this case
    bool usable = false;  ///< by us
};

std::string in_folder(Case const& the, std::string const& list) {
    std::string result;
    std::istringstream paths(list);
    for (std::string path; std::getline(paths, path, ':');) {
        result += (result.empty() ? "" : ":") + (path.empty() ? "" : the.folder + path);
    }
    return result;
}

/// kubectl as a person in the case's folder would call it, far from any proxy, pod or home; both output streams.
std::string call_kubectl(Case const& the, std::string const& arguments) {
    std::string command = fmt::format("cd {} && env -i PATH=\"$PATH\" HOME=/nowhere HTTPS_PROXY={} HTTP_PROXY={}",
                                      quoted(the.folder), closed_proxy, closed_proxy);
    if (!the.list.empty()) command += " KUBECONFIG=" + quoted(the.list);
    command += " timeout 60 kubectl";
    if (!the.kubeconfig.empty()) command += " --kubeconfig=" + quoted(the.kubeconfig);
    if (!the.context.empty()) command += " --context=" + quoted(the.context);
    return run(command + " " + arguments + " 2>&1 </dev/null").text;
}

/// A request: where it goes, and the headers that say who asks.
struct Asked {
    std::string url;
    std::set<std::string> identity;
    std::string proxy;
    bool operator==(Asked const&) const = default;
};

std::ostream& operator<<(std::ostream& out, Asked const& asked) {
    out << asked.url << " by " << (asked.proxy.empty() ? "no proxy" : asked.proxy);
    for (auto const& line : asked.identity) out << ", " << line;
    return out;
}

void note_identity(Asked& asked, std::string name, std::string value) {
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (name == "authorization") value = value.substr(0, value.find(' ')) + " <masked>";
    if (name == "authorization" || name.starts_with("impersonate-")) asked.identity.insert(name + ": " + value);
}

std::string between(std::string const& text, std::string_view before, std::string_view after) {
    auto const begin = text.find(before);
    if (begin == std::string::npos) return {};
    auto const from = begin + before.size();
    return text.substr(from, text.find(after, from) - from);
}

/// The request in kubectl's log; nothing if it gave up before.
std::optional<Asked> asked_by_kubectl(std::string const& log) {
    auto const url = between(log, "\"Request\" verb=\"GET\" url=\"", "\"");
    if (url.empty()) return std::nullopt;
    Asked asked{.url = url};
    std::istringstream headers(between(log, " headers=<\n", "\n >"));
    for (std::string line; std::getline(headers, line);) {
        auto const colon = line.find(": ");
        if (colon != std::string::npos) note_identity(asked, line.substr(1, colon - 1), line.substr(colon + 2));
    }
    auto const failure = between(log, "proxyconnect tcp: dial tcp", "\n");
    asked.proxy = failure.starts_with(": lookup ") ? between(failure, ": lookup ", " ")
                                                   : std::string(failure, 0, failure.find(':', 1));
    if (!asked.proxy.empty() && asked.proxy.front() == ' ') asked.proxy.erase(0, 1);
    return asked;
}

/// Notes what would be sent, and refuses.
class NotingClient final : public net::HttpClient {
public:
    Task<net::HttpResponse> send(net::Origin origin, net::HttpRequest request, Deadline) override {
        auto const& at = origin.endpoint;
        bool const usual = at.port == (origin.tls ? 443 : 80);
        asked.emplace(Asked{.url = fmt::format("{}://{}{}{}", origin.tls ? "https" : "http", at.host,
                                               usual ? "" : fmt::format(":{}", at.port), request.target)});
        for (auto const& [name, value] : request.headers) note_identity(*asked, name, value);
        if (origin.proxy) asked->proxy = origin.proxy->host;
        co_return fail(Errc::refused, "all roads are closed");
    }
    std::size_t open_connections() const override { return 0; }
    void close_idle() override {}

    std::optional<Asked> asked;
};

Async<void> probe(kube::Api& api, Clock& clock) {
    auto request = kube::raw_request("/probe");
    auto const deadline = clock.now() + 60s;
    auto const answer = co_await api.send(std::move(request), deadline);
    EXPECT_FALSE(answer);
}

std::optional<std::string> environment_of(Case const& the, std::string const& name) {
    if (name == "HTTPS_PROXY" || name == "HTTP_PROXY") return closed_proxy;
    if (name == "KUBECONFIG" && !the.list.empty()) return in_folder(the, the.list);
    return std::nullopt;
}

Result<kube::Target> read_by_us(Case const& the) {
    auto const files = make_system_files();
    kube::ConfigOptions options{.context = the.context};
    if (!the.kubeconfig.empty()) options.kubeconfig = the.folder + the.kubeconfig;
    options.environment = [&the](std::string name) { return environment_of(the, name); };
    return kube::load_target(options, *files);
}

std::optional<Asked> asked_by_us(Case const& the, kube::Target const& target) {
    cli::Runtime runtime;
    NotingClient http;
    auto const environment = [&the](std::string name) { return environment_of(the, name); };
    auto api = kube::make_http_api(target, kube::Transport{.http = http,
                                                           .clock = runtime.clock(),
                                                           .files = runtime.files(),
                                                           .process = runtime.process(),
                                                           .environment = environment});
    if (!api) return std::nullopt;
    runtime.run(probe(**api, runtime.clock()));
    return http.asked;
}

// Flat, empty fields left out: what both sides are compared by.
void note(Fields& fields, std::string const& name, std::string value) {
    if (!value.empty()) fields[name] = std::move(value);
}

std::string decoded(json::object const& from, std::string_view key) {
    return base64_decode(get_string(from, key)).value_or("not base64");
}

std::string as_text(json::object const& from, std::string_view key) {
    auto const* value = from.if_contains(key);
    if (!value || value->is_null()) return {};
    return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

json::object first(json::object const& document, char const* list, char const* of) {
    auto const* all = document.if_contains(list);
    if (!all || !all->is_array() || all->get_array().empty()) return {};
    auto const* one = all->get_array()[0].as_object().if_contains(of);
    return one && one->is_object() ? one->get_object() : json::object{};
}

Fields viewed_by_kubectl(json::object const& view) {
    Fields fields;
    auto const cluster = first(view, "clusters", "cluster");
    auto const user = first(view, "users", "user");
    note(fields, "context", get_string(view, "current-context"));
    auto const ns = get_string(first(view, "contexts", "context"), "namespace");
    note(fields, "ns", ns.empty() ? "default" : ns);
    note(fields, "ca", decoded(cluster, "certificate-authority-data"));
    for (auto const* key : {"insecure-skip-tls-verify", "tls-server-name", "proxy-url", "disable-compression"}) {
        note(fields, key, as_text(cluster, key));
    }
    for (auto const* key :
         {"token", "tokenFile", "username", "password", "as", "as-uid", "as-groups", "as-user-extra"}) {
        note(fields, key, as_text(user, key));
    }
    note(fields, "certificate", decoded(user, "client-certificate-data"));
    note(fields, "key", decoded(user, "client-key-data"));
    // Whoever has other credentials is not asked by a plugin.
    bool const others = fields.contains("token") || fields.contains("tokenFile") || fields.contains("certificate");
    auto const* exec = user.if_contains("exec");
    if (!exec || others) return fields;
    for (auto const* key : {"command", "args", "env", "apiVersion", "installHint"}) {
        note(fields, fmt::format("exec.{}", key), as_text(exec->as_object(), key));
    }
    note(fields, "exec.provideClusterInfo", as_text(exec->as_object(), "provideClusterInfo"));
    return fields;
}

std::string json_list(std::vector<std::string> const& texts) {
    return texts.empty() ? "" : json::serialize(json::array(texts.begin(), texts.end()));
}

void note_plugin(Fields& fields, kube::ExecPlugin const& plugin) {
    json::array env;
    for (auto const& [name, value] : plugin.env) env.push_back({{"name", name}, {"value", value}});
    note(fields, "exec.command", plugin.command);
    note(fields, "exec.args", json_list(plugin.args));
    note(fields, "exec.env", env.empty() ? "" : json::serialize(env));
    note(fields, "exec.apiVersion", plugin.api_version);
    note(fields, "exec.installHint", plugin.install_hint);
    note(fields, "exec.provideClusterInfo", plugin.provide_cluster_info ? "true" : "false");
}

Fields read_from(kube::Target const& target) {
    Fields fields;
    auto const& who = target.credentials;
    auto const& as = target.impersonation;
    json::object extra;
    for (auto const& [key, values] : as.extra) extra[key] = json::array(values.begin(), values.end());
    for (auto const& [name, value] : std::initializer_list<std::pair<char const*, std::string>>{
             {"context", target.context},
             {"ns", target.ns},
             {"ca", target.ca_pem},
             {"insecure-skip-tls-verify", target.insecure_skip_tls_verify ? "true" : ""},
             {"tls-server-name", target.tls_server_name},
             {"proxy-url", target.proxy_url},
             {"disable-compression", target.disable_compression ? "true" : ""},
             {"token", who.token},
             {"tokenFile", who.token_file},
             {"username", who.username},
             {"password", who.password},
             {"certificate", who.certificate_pem},
             {"key", who.key_pem},
             {"as", as.user},
             {"as-uid", as.uid},
             {"as-groups", json_list(as.groups)},
             {"as-user-extra", extra.empty() ? "" : json::serialize(extra)},
         }) {
        note(fields, name, value);
    }
    if (who.exec) note_plugin(fields, *who.exec);
    return fields;
}

// The view leaves files' names as they stand in the kubeconfig.
Fields without_folders(Fields fields) {
    for (auto const* name : {"tokenFile", "exec.command"}) {
        if (auto const found = fields.find(name); found != fields.end()) {
            found->second = std::filesystem::path(found->second).filename();
        }
    }
    return fields;
}

void expect_the_same_view(Case const& the, kube::Target const& target) {
    auto const text = call_kubectl(the, "config view --raw --minify --flatten -o json");
    boost::system::error_code error;
    auto const view = json::parse(text, error);
    ASSERT_FALSE(error) << text;
    auto theirs = without_folders(viewed_by_kubectl(view.as_object()));
    auto const ours = without_folders(read_from(target));
    // Over plain HTTP neither of us says who we are; we forget it at once.
    if (target.server.starts_with("http:"))
        std::erase_if(theirs, [](auto const& field) { return field.first == "token"; });
    EXPECT_EQ(theirs, ours);
}

void expect_agreement(Case const& the, Result<kube::Target> const& target, std::string const& log) {
    auto const theirs = asked_by_kubectl(log);
    if (!the.usable) {
        EXPECT_FALSE(theirs) << *theirs;
        return;
    }
    expect_the_same_view(the, *target);
    if (the.kubectl.find("no certificates") != std::string::npos) {
        EXPECT_NE(log.find("PEM"), std::string::npos) << log;
        return;
    }
    ASSERT_TRUE(theirs) << log;
    if (the.kubectl.find("plugin is not there") != std::string::npos) {
        EXPECT_EQ(theirs->url, target->server + "/probe");
        return;
    }
    EXPECT_EQ(*theirs, asked_by_us(the, *target));
}

class KubectlCase : public testing::TestWithParam<std::string> {};

TEST_P(KubectlCase, IsReadAlike) {
    Case const the(GetParam());
    auto const target = read_by_us(the);
    EXPECT_EQ(target.has_value(), the.usable) << (target ? "" : target.error().text());
    if (target.has_value() != the.usable) return;
    auto const log = call_kubectl(the, "get --raw /probe -v=8");
    auto const asked = asked_by_kubectl(log);
    if (the.agrees()) {
        expect_agreement(the, target, log);
    } else if (the.kubectl == "dials localhost:8080 instead") {
        ASSERT_TRUE(asked) << log;
        EXPECT_EQ(asked->url, "http://localhost:8080/probe");
    } else if (the.kubectl == "asks for a user name") {
        EXPECT_NE(log.find("Please enter Username"), std::string::npos) << log;
    } else if (the.kubectl == "takes the last of the two") {
        EXPECT_NE(log.find("context was not found for specified context: d"), std::string::npos) << log;
    } else {
        EXPECT_EQ(the.kubectl, "speaks SOCKS");
        EXPECT_TRUE(asked) << log;
    }
}

std::vector<std::string> case_names() {
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(cases)) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

std::string test_name(testing::TestParamInfo<std::string> const& info) {
    auto name = info.param;
    std::ranges::replace(name, '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Testdata, KubectlCase, testing::ValuesIn(case_names()), test_name);

TEST(KubectlCases, AtLeastTwentyOddOnesAreReadAlike) {
    auto const names = case_names();
    EXPECT_GE(std::ranges::count_if(names, [](std::string const& name) { return Case(name).agrees(); }), 20);
}

}  // namespace
}  // namespace vedette::cluster
