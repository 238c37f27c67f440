#pragma once
// The contents of kubeconfig files, before anything is decided: read, merged, its references made whole.

#include "base/error.hpp"
#include "kube/target.hpp"

#include <map>
#include <string>
#include <string_view>

namespace vedette::kube {

/// Names of files are already relative to the working directory instead of the kubeconfig's folder.
struct Kubeconfig {
    struct Cluster {
        std::string server;
        std::string ca_file;
        std::string ca_pem;
        std::string tls_server_name;
        std::string proxy_url;
        std::string exec_config;  ///< JSON of the extension client.authentication.k8s.io/exec
        bool insecure_skip_tls_verify = false;
        bool disable_compression = false;
        std::string where;  ///< "file:line:column"
    };
    struct User {
        Credentials credentials;
        std::string certificate_file;
        std::string key_file;
        std::string auth_provider;     ///< the name of a built-in provider, all of which kubectl has given up
        std::string interactive_mode;  ///< of the exec plugin
        Impersonation impersonation;
        std::string where;
    };
    struct Context {
        std::string cluster;
        std::string user;
        std::string ns;
        std::string where;
    };

    std::string current_context;
    std::map<std::string, Cluster> clusters;
    std::map<std::string, User> users;
    std::map<std::string, Context> contexts;
};

/// A name of a kubeconfig as an error may show it. After a quote that was left open, the "name" is half of the file,
/// secrets included: what cannot be a name is not shown.
std::string shown_name(std::string_view name);

/// Reads the text of the file at `path`: YAML or JSON; an empty text is an empty configuration. Fields that we do not
/// know are ignored; known ones with a value of another type, bad base64 and names that occur twice are errors, as
/// for kubectl. Errors: invalid_input, "file:line:column: what"; no value is ever repeated.
Result<Kubeconfig> parse_kubeconfig(std::string_view text, std::string const& path);

/// What `into` does not have yet. So files are merged in their order, and the first one wins.
void merge_missing(Kubeconfig& into, Kubeconfig from);

}  // namespace vedette::kube
