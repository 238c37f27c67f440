// What a person reads when the places where a Target comes from cannot be used: who named the file, and what to do.

#include "kube/config.hpp"

#include <gtest/gtest.h>

#include <map>

namespace vedette::kube {
namespace {

constexpr char account[] = "/var/run/secrets/kubernetes.io/serviceaccount/";

/// Files that may be denied; what is not there is not found.
class GuardedFiles final : public Files {
public:
    Result<std::string> read(std::string const& path, std::size_t) override {
        if (denied.contains(path)) return fail(Errc::denied, "{}: permission denied", path);
        auto const found = texts.find(path);
        if (found == texts.end()) return fail(Errc::not_found, "{}: no such file", path);
        return found->second;
    }
    Result<std::string> version(std::string const& path) override { return read(path, 0); }

    std::map<std::string, std::string> texts;
    std::set<std::string> denied;
};

Result<Target> load(Files& files, std::map<std::string, std::string> environment, std::string kubeconfig = {}) {
    auto const look_up = [&environment](std::string name) -> std::optional<std::string> {
        auto const found = environment.find(name);
        if (found == environment.end()) return std::nullopt;
        return found->second;
    };
    return load_target({.kubeconfig = std::move(kubeconfig), .environment = look_up}, files);
}

TEST(ConfigSources, TheAdviceIsForWhereTheNameOfTheFileCameFrom) {
    GuardedFiles files;
    files.denied = {"/a", "/root/.kube/config"};
    EXPECT_EQ(load(files, {{"HOME", "/root"}}, "/a").error().text(),
              "kubeconfig /a: permission denied; check --kubeconfig");
    EXPECT_EQ(load(files, {{"HOME", "/root"}, {"KUBECONFIG", "/a"}}).error().text(),
              "kubeconfig /a: permission denied; check KUBECONFIG");
    EXPECT_EQ(load(files, {{"HOME", "/root"}}).error().text(),
              "kubeconfig /root/.kube/config: permission denied; name another one with --kubeconfig or KUBECONFIG");
}

TEST(ConfigSources, WhatIsMissingIsSaidAsItIs) {
    GuardedFiles files;
    std::string const rest =
        ", and this is no pod with a service account; name a kubeconfig with --kubeconfig or KUBECONFIG";
    EXPECT_EQ(load(files, {{"HOME", "/root"}, {"KUBECONFIG", ":"}}).error().text(),
              "no kubeconfig: KUBECONFIG names no file" + rest);
    EXPECT_EQ(load(files, {{"HOME", "/root"}, {"KUBECONFIG", "/a:/b"}}).error().text(),
              "no kubeconfig: none of /a, /b exists" + rest);
    EXPECT_EQ(load(files, {}).error().text(), "no kubeconfig: HOME is not set" + rest);
}

TEST(ConfigSources, AnAuthorityThatIsThereAndCannotBeUsedIsNeverReplacedByTheSystems) {
    std::map<std::string, std::string> const pod{{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                                                 {"KUBERNETES_SERVICE_PORT", "443"}};
    auto const authority = std::string(account) + "ca.crt";
    GuardedFiles files;
    files.texts[std::string(account) + "token"] = "from-the-pod";
    auto const without = load(files, pod);
    ASSERT_TRUE(without) << without.error().text();
    EXPECT_EQ(without->ca_pem, "");

    files.denied = {authority};
    auto const denied = load(files, pod);
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error(), Error(Errc::denied, "in-cluster: " + authority + ": permission denied"));

    files.denied = {};
    files.texts[authority] = " \n";
    auto const empty = load(files, pod);
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error(), Error(Errc::invalid_input, "in-cluster: " + authority + ": is empty"));
}

}  // namespace
}  // namespace vedette::kube
