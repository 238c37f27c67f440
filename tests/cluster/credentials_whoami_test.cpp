// Every way to be known: what the real server calls us must be what it calls kubectl with the same kubeconfig, and
// where it does not let kubectl in, it must not let us in.

#include "base/base64.hpp"
#include "base/json.hpp"
#include "cluster/cluster.hpp"
#include "cluster/login.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

std::string run_folder() {
    return std::getenv("VEDETTE_CLUSTER_RUN");
}

/// A way in: the clusters' and users' fields in YAML; {token}, {ca}, {certificate}, {key} are filled in.
struct Way {
    char const* name;
    bool in;
    char const* cluster;
    char const* user;
};

Way const ways[] = {
    {"CertificateInFiles", true, "certificate-authority: pki/ca.crt",
     "client-certificate: pki/admin.crt, client-key: pki/admin.key"},
    {"CertificateEmbedded", true, "certificate-authority-data: {ca}",
     "client-certificate-data: {certificate}, client-key-data: {key}"},
    {"Token", true, "certificate-authority: pki/ca.crt", "token: {token}"},
    {"TokenFile", true, "certificate-authority: pki/ca.crt", "tokenFile: whoami.token"},
    {"TokenFileBesideAWrongToken", true, "certificate-authority: pki/ca.crt",
     "token: nonsense, tokenFile: whoami.token"},
    {"TokenBesideACertificate", true, "certificate-authority: pki/ca.crt",
     "token: {token}, client-certificate: pki/admin.crt, client-key: pki/admin.key"},
    {"PluginWithAToken", true, "certificate-authority: pki/ca.crt",
     "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./whoami.plugin, args: [token], "
     "interactiveMode: Never}"},
    {"PluginWithACertificate", true, "certificate-authority: pki/ca.crt",
     "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./whoami.plugin, args: [certificate], "
     "interactiveMode: Never}"},
    {"Impersonation", true, "certificate-authority: pki/ca.crt",
     "client-certificate: pki/admin.crt, client-key: pki/admin.key, as: ann, as-uid: \"7\", "
     "as-groups: [shop, \"on call\"], as-user-extra: {\"Scope/of%it\": [view, edit]}"},
    {"AnotherServerName", true, "certificate-authority: pki/ca.crt, tls-server-name: localhost", "token: {token}"},
    {"TrustingAnybody", true, "insecure-skip-tls-verify: true", "token: {token}"},
    {"AWrongToken", false, "certificate-authority: pki/ca.crt", "token: nonsense"},
    {"AWrongPassword", false, "certificate-authority: pki/ca.crt", "username: ann, password: nonsense"},
    {"AWrongAuthority", false, "certificate-authority: pki/front-proxy-ca.crt", "token: {token}"},
    {"AWrongServerName", false, "certificate-authority: pki/ca.crt, tls-server-name: shop.example", "token: {token}"},
    {"TheSystemsTrust", false, "disable-compression: true", "token: {token}"},
    {"APluginThatFails", false, "certificate-authority: pki/ca.crt",
     "exec: {apiVersion: client.authentication.k8s.io/v1, command: \"false\", interactiveMode: Never}"},
};

std::string filled_in(std::string text, std::map<std::string, std::string> const& values) {
    for (auto const& [name, value] : values) {
        auto const place = "{" + name + "}";
        for (auto at = text.find(place); at != std::string::npos; at = text.find(place))
            text.replace(at, place.size(), value);
    }
    return text;
}

std::string encoded(std::string const& file) {
    std::ifstream in(run_folder() + "/pki/" + file);
    return base64_encode(std::string(std::istreambuf_iterator<char>(in), {}));
}

constexpr char plugin[] = R"(#!/bin/sh
case $1 in
token) status="{\"token\": \"$(cat "$(dirname "$0")/whoami.token")\"}" ;;
certificate)
    pem() { awk '{printf "%s\\n", $0}' "$(dirname "$0")/pki/$1"; }
    status="{\"clientCertificateData\": \"$(pem admin.crt)\", \"clientKeyData\": \"$(pem admin.key)\"}"
    ;;
esac
printf '%s' "{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": $status}"
)";

Async<void> review_into(Result<kube::Object>& result, cli::Runtime& runtime, Login& login) {
    kube::Resource const reviews{"authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false};
    auto const deadline = runtime.clock().now() + 60s;
    result = co_await login.client().create(reviews, "", kube::Object{}, deadline);
}

json::value user_info(json::object const& review) {
    return review.at("status").at("userInfo");
}

class Whoami : public testing::TestWithParam<Way> {
protected:
    static void SetUpTestSuite() {
        token_ = kubectl("create token default --duration=10m");
        while (token_.ends_with('\n')) token_.pop_back();
        std::ofstream(run_folder() + "/whoami.token") << token_ << "\n";
        std::ofstream(run_folder() + "/whoami.plugin") << plugin;
        std::filesystem::permissions(run_folder() + "/whoami.plugin", std::filesystem::perms::owner_all);
    }

    static std::string kubeconfig() {
        auto path = run_folder() + "/whoami.kubeconfig";
        std::map<std::string, std::string> const values{{"token", token_},
                                                        {"ca", encoded("ca.crt")},
                                                        {"certificate", encoded("admin.crt")},
                                                        {"key", encoded("admin.key")}};
        std::ofstream(path) << fmt::format(R"(
current-context: c
contexts: [{{name: c, context: {{cluster: k, user: u}}}}]
clusters: [{{name: k, cluster: {{server: "{}", {}}}}}]
users: [{{name: u, user: {{{}}}}}]
)",
                                           std::getenv("SERVER"), filled_in(GetParam().cluster, values),
                                           filled_in(GetParam().user, values));
        return path;
    }

private:
    static inline std::string token_;
};

TEST_P(Whoami, IsTheSameForKubectlAndUs) {
    auto const file = kubeconfig();
    auto const theirs = run("kubectl --kubeconfig " + file + " auth whoami -o json </dev/null 2>/dev/null");
    EXPECT_EQ(theirs.code == 0, GetParam().in) << theirs.text;

    cli::Runtime runtime;
    Login login(runtime, file);
    Result<kube::Object> ours;
    runtime.run(review_into(ours, runtime, login));
    EXPECT_EQ(ours.has_value(), GetParam().in) << (ours ? "" : ours.error().text());
    if (theirs.code == 0 && ours) EXPECT_EQ(user_info(*ours), user_info(json::parse(theirs.text).as_object()));
}

INSTANTIATE_TEST_SUITE_P(Ways, Whoami, testing::ValuesIn(ways),
                         [](testing::TestParamInfo<Way> const& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace vedette::cluster
