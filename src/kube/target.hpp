#pragma once
// kube::Target: an API server, the trust and the credentials to talk to it, as a value. Where it comes from:
// config.hpp. Who uses it: http_api.hpp.

#include "net/http.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vedette::kube {

/// A program that prints credentials (client.authentication.k8s.io/v1 and v1beta1).
struct ExecPlugin {
    std::string api_version;
    std::string command;
    std::vector<std::string> args;
    std::vector<std::pair<std::string, std::string>> env;
    std::string install_hint;
    bool provide_cluster_info = false;
    std::string cluster_config;   ///< JSON: what the cluster's extension says to plugins; empty: nothing
    bool needs_terminal = false;  ///< interactiveMode: Always
    bool operator==(ExecPlugin const&) const = default;
};

struct Credentials {
    std::string token;
    std::string token_file;  ///< re-read when it changes
    std::string username;
    std::string password;
    std::string certificate_pem;
    std::string key_pem;
    std::optional<ExecPlugin> exec;
    bool operator==(Credentials const&) const = default;
};

struct Impersonation {
    std::string user;
    std::string uid;
    std::vector<std::string> groups;
    std::vector<std::pair<std::string, std::vector<std::string>>> extra;
    bool operator==(Impersonation const&) const = default;
};

struct Target {
    std::string server;          ///< "https://host:port/prefix"
    std::string context;         ///< the kubeconfig context; "in-cluster" inside a pod
    std::string ns = "default";  ///< the context's namespace
    std::string ca_pem;          ///< empty: the system's trust
    bool insecure_skip_tls_verify = false;
    std::string tls_server_name;
    std::string proxy_url;  ///< empty: by the environment
    bool disable_compression = false;
    Credentials credentials;
    Impersonation impersonation;
    bool operator==(Target const&) const = default;
};

}  // namespace vedette::kube
