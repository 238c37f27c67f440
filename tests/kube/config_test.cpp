// Every folder in testdata/kubeconfig is a case: its files, and expected.json, written by hand after kubectl's rules:
// how they are named ("kubeconfig", "KUBECONFIG", "context"), then "target" (what is not the default) or "error", and
// what kubectl does. Paths in it are relative to the folder.

#include "kube/config.hpp"

#include "base/json.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/memory_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace vedette::kube {
namespace {

namespace json = boost::json;

std::filesystem::path const cases = std::filesystem::path(TEST_SOURCE_DIR) / "testdata" / "kubeconfig";

std::string without(std::string text, std::string const& folder) {
    for (auto at = text.find(folder); at != text.npos; at = text.find(folder, at)) text.erase(at, folder.size());
    return text;
}

std::string in_folder(std::string const& list, std::string const& folder) {
    std::string result;
    for (std::size_t start = 0; start <= list.size();) {
        auto const end = std::min(list.find(':', start), list.size());
        if (start > 0) result += ':';
        if (end > start) result += folder + list.substr(start, end - start);
        start = end + 1;
    }
    return result;
}

json::array to_array(std::vector<std::string> const& texts) {
    json::array result;
    for (auto const& text : texts) result.emplace_back(text);
    return result;
}

json::object describe(Impersonation const& as) {
    json::object result{{"user", as.user}, {"uid", as.uid}, {"groups", to_array(as.groups)}};
    json::object extra;
    for (auto const& [key, values] : as.extra) extra[key] = to_array(values);
    result["extra"] = extra;
    return result;
}

json::object describe(ExecPlugin const& plugin) {
    json::object result{{"api_version", plugin.api_version}, {"command", plugin.command}};
    json::object env;
    for (auto const& [name, value] : plugin.env) env[name] = value;
    if (!plugin.args.empty()) result["args"] = to_array(plugin.args);
    if (!env.empty()) result["env"] = env;
    if (!plugin.install_hint.empty()) result["install_hint"] = plugin.install_hint;
    if (plugin.provide_cluster_info) result["provide_cluster_info"] = true;
    if (!plugin.cluster_config.empty()) result["cluster_config"] = plugin.cluster_config;
    return result;
}

json::object describe(Target const& target) {
    json::object result{{"server", target.server}, {"context", target.context}, {"ns", target.ns}};
    auto const& credentials = target.credentials;
    for (auto const& [name, value] : std::initializer_list<std::pair<char const*, std::string const&>>{
             {"ca_pem", target.ca_pem},
             {"tls_server_name", target.tls_server_name},
             {"proxy_url", target.proxy_url},
             {"token", credentials.token},
             {"token_file", credentials.token_file},
             {"username", credentials.username},
             {"password", credentials.password},
             {"certificate_pem", credentials.certificate_pem},
             {"key_pem", credentials.key_pem},
         }) {
        if (!value.empty()) result[name] = value;
    }
    if (target.insecure_skip_tls_verify) result["insecure_skip_tls_verify"] = true;
    if (target.disable_compression) result["disable_compression"] = true;
    if (credentials.exec) result["exec"] = describe(*credentials.exec);
    if (target.impersonation != Impersonation{}) result["impersonate"] = describe(target.impersonation);
    return result;
}

class KubeconfigCase : public testing::TestWithParam<std::string> {};

TEST_P(KubeconfigCase, MeansWhatItMeansToKubectl) {
    auto const folder = (cases / GetParam()).string() + "/";
    std::ifstream file(folder + "expected.json");
    std::string const text((std::istreambuf_iterator<char>(file)), {});
    auto const expected = parse_json(text, "expected.json");
    ASSERT_TRUE(expected) << expected.error().text();

    ConfigOptions options{.context = get_string(*expected, "context")};
    if (auto const path = get_string(*expected, "kubeconfig"); !path.empty()) options.kubeconfig = folder + path;
    auto const list = in_folder(get_string(*expected, "KUBECONFIG"), folder);
    options.environment = [&list](std::string name) -> std::optional<std::string> {
        if (name == "KUBECONFIG") return list;
        return std::nullopt;
    };
    auto const files = make_system_files();
    auto const target = load_target(options, *files);

    if (auto const* want = find(*expected, "error")) {
        ASSERT_FALSE(target) << to_pretty_json(describe(*target));
        EXPECT_EQ(without(target.error().text(), folder), get_string(*want, ""));
    } else {
        ASSERT_TRUE(target) << target.error().text();
        auto const got = parse_json(without(to_json(describe(*target)), folder), "target");
        auto const* as_said = find(*expected, "target");
        EXPECT_EQ(*got, *as_said) << to_pretty_json(*got);
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

INSTANTIATE_TEST_SUITE_P(Testdata, KubeconfigCase, testing::ValuesIn(case_names()), test_name);

constexpr char account[] = "/var/run/secrets/kubernetes.io/serviceaccount/";
constexpr char usable[] = R"(
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://api.example"}}]
users: [{name: u, user: {token: made-up}}]
)";

class InCluster : public testing::Test {
protected:
    InCluster() {
        files_.texts[std::string(account) + "token"] = "from-the-pod";
        files_.texts[std::string(account) + "ca.crt"] = "the authority";
        files_.texts[std::string(account) + "namespace"] = "monitoring\n";
        options_.environment = [this](std::string name) -> std::optional<std::string> {
            auto const found = environment_.find(name);
            if (found == environment_.end()) return std::nullopt;
            return found->second;
        };
    }
    std::map<std::string, std::string> environment_{
        {"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}, {"HOME", "/root"}};
    MemoryFiles files_;
    ConfigOptions options_;
};

TEST_F(InCluster, WithoutAKubeconfigThePodsAccountIsUsedAndItsTokenStaysAFile) {
    auto const got = load_target(options_, files_);
    ASSERT_TRUE(got) << got.error().text();
    Target want{
        .server = "https://10.0.0.1:443", .context = "in-cluster", .ns = "monitoring", .ca_pem = "the authority"};
    want.credentials.token_file = std::string(account) + "token";
    EXPECT_EQ(*got, want);
}

TEST_F(InCluster, AnIpv6ServiceAddressIsPutInBrackets) {
    environment_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
    EXPECT_EQ(load_target(options_, files_)->server, "https://[fd00::1]:443");
}

TEST_F(InCluster, AKubeconfigGoesFirst) {
    files_.texts["/root/.kube/config"] = usable;
    EXPECT_EQ(load_target(options_, files_)->server, "https://api.example");
}

TEST_F(InCluster, AnEmptyKubeconfigVariableMeansTheDefaultFile) {
    environment_["KUBECONFIG"] = "";
    files_.texts["/root/.kube/config"] = usable;
    EXPECT_EQ(load_target(options_, files_)->server, "https://api.example");
}

TEST_F(InCluster, AFileNamedOnTheCommandLineIsNeverReplacedByThePodsAccount) {
    options_.kubeconfig = "/empty";
    files_.texts["/empty"] = "";
    EXPECT_FALSE(load_target(options_, files_));
    files_.texts.erase("/empty");
    EXPECT_EQ(load_target(options_, files_).error().code(), Errc::not_found);
}

TEST_F(InCluster, WithoutATokenThisIsNoPodAndTheErrorSaysWhatToDo) {
    files_.texts.erase(std::string(account) + "token");
    EXPECT_EQ(load_target(options_, files_).error(),
              Error(Errc::not_found,
                    "no kubeconfig: /root/.kube/config does not exist, and this is no pod with a "
                    "service account; name a kubeconfig with --kubeconfig or KUBECONFIG"));
    environment_.erase("HOME");
    EXPECT_EQ(load_target(options_, files_).error(),
              Error(Errc::not_found,
                    "no kubeconfig: HOME is not set, and this is no pod with a service account; name "
                    "a kubeconfig with --kubeconfig or KUBECONFIG"));
}

TEST_F(InCluster, AHugeFileIsRefusedAtAMebibyte) {
    options_.kubeconfig = "/huge";
    files_.texts["/huge"] = usable;
    files_.texts["/huge"].resize(1024 * 1024, '\n');
    EXPECT_TRUE(load_target(options_, files_));
    files_.texts["/huge"].push_back('\n');
    EXPECT_EQ(load_target(options_, files_).error(),
              Error(Errc::too_large, "kubeconfig /huge: larger than 1 MiB; is it a kubeconfig?"));
}

TEST(SecretFiles, AValueThatMayBeTheSecretItselfIsNotShownAndAFilesNameIs) {
    struct Row {
        std::string user;
        std::string want;
    };
    std::string const hidden = "; it takes the name of a file (not shown: it may be the secret itself)";
    for (auto const& row : {
             Row{"tokenFile: hunter2hunter2", "/k:5:9: tokenFile: no such file" + hidden},
             Row{"tokenFile: abcdef.0123456789abcdef", "/k:5:9: tokenFile: no such file" + hidden},
             Row{"tokenFile: eyJhbGciOiJI.eyJzdWIiOiIx.token", "/k:5:9: tokenFile: no such file" + hidden},
             Row{"tokenFile: /huge", "/k:5:9: tokenFile: too large a file" + hidden},
             Row{"client-certificate: /cert.pem, client-key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t",
                 "/k:5:9: client-key: no such file" + hidden},
             Row{"tokenFile: /run/secrets/token", "/k:5:9: tokenFile: /run/secrets/token: no such file"},
             Row{"client-certificate: /cert.pem, client-key: pki/client.key",
                 "/k:5:9: client-key: /pki/client.key: no such file"},
             Row{"client-certificate: /no.pem, client-key: x", "/k:5:9: client-certificate: /no.pem: no such file"},
         }) {
        SCOPED_TRACE(row.user);
        MemoryFiles files;
        files.texts["/cert.pem"] = "a certificate";
        files.texts["/huge"] = std::string(100'000, 'x');
        files.texts["/k"] =
            "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
            "clusters: [{name: k, cluster: {server: \"https://api.example\"}}]\nkind: Config\n"
            "users: [{name: u, user: {" +
            row.user + "}}]\n";
        auto const got = load_target({.kubeconfig = "/k", .environment = {}}, files);
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().text(), row.want);
    }
}

TEST(Names, WhatIsLeftAfterAnOpenQuoteIsNotShownAsAName) {
    EXPECT_EQ(shown_name("arn:aws:eks:eu-west-1:123456789012:cluster/shop"),
              "arn:aws:eks:eu-west-1:123456789012:cluster/shop");
    EXPECT_EQ(shown_name("kubernetes-admin@kubernetes"), "kubernetes-admin@kubernetes");
    EXPECT_EQ(shown_name("shop users: - name: u"), "(21 bytes)");
    EXPECT_EQ(shown_name("a\nb"), "(3 bytes)");
    EXPECT_EQ(shown_name(std::string(254, 'x')), "(254 bytes)");
    for (std::string const text : {
             "kind: 'Config\nusers: [{name: u, user: {secret: hunter2}}]\n'",
             "current-context: 'c\nusers: [{name: u, user: {secret: hunter2}}]\n'",
             "current-context: c\ncontexts: [{name: c, context: {cluster: 'k\n user: {secret: hunter2}}]\n'}}]",
             "contexts: [{name: 'c\n user: {secret: hunter2}'}, {name: 'c\n user: {secret: hunter2}'}]",
             "contexts: [{name: 'c\n user: {secret: hunter2}'}]\ncurrent-context: d",
         }) {
        SCOPED_TRACE(text);
        MemoryFiles files;
        files.texts["/k"] = text;
        auto const got = load_target({.kubeconfig = "/k", .environment = {}}, files);
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().text().find("hunter2"), std::string::npos) << got.error().text();
    }
}

}  // namespace
}  // namespace vedette::kube
