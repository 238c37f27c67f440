// From YAML to Kubeconfig, field by field. The rules (which fields, what counts as an error, what is relative to the
// file) are those of client-go's clientcmd; what a combination of fields means is config.cpp's business.

#include "kube/kubeconfig.hpp"

#include "base/json.hpp"
#include "base/yaml.hpp"
#include "kube/kubeconfig_reader.hpp"

#include <filesystem>

namespace vedette::kube {
namespace {

using detail::NodeReader;

constexpr std::string_view exec_extension = "client.authentication.k8s.io/exec";

// kubectl reads the first document of a file and ignores the others.
std::string_view first_document(std::string_view text) {
    bool content = false;
    for (std::size_t start = 0; start < text.size();) {
        auto const end = std::min(text.find('\n', start), text.size());
        auto line = text.substr(start, end - start);
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) {
            line.remove_suffix(1);
        }
        bool const marker = line == "---" || line == "..." || line.starts_with("--- ");
        if (marker && content) return text.substr(0, start);
        content = content || (!marker && !line.empty() && line.front() != '#' && line.front() != '%');
        start = end + 1;
    }
    return text;
}

class Parser {
public:
    explicit Parser(std::string const& path) : folder_(std::filesystem::path(path).parent_path()) {}

    Result<Kubeconfig> parse(YamlNode const& root) {
        Kubeconfig config;
        check_kind(root);
        config.current_context = in_.text(root, "current-context");
        for (auto const* item : in_.mappings(root, "clusters")) add(config.clusters, *item, "cluster", cluster(*item));
        for (auto const* item : in_.mappings(root, "users")) add(config.users, *item, "user", user(*item));
        for (auto const* item : in_.mappings(root, "contexts")) add(config.contexts, *item, "context", context(*item));
        if (in_.error()) return std::unexpected(*in_.error());
        return config;
    }

private:
    void check_kind(YamlNode const& root) {
        auto const kind = in_.text(root, "kind");
        auto const version = in_.text(root, "apiVersion");
        if ((!kind.empty() && kind != "Config") || (!version.empty() && version != "v1")) {
            in_.refuse(root,
                       fmt::format("is {} {}, not a kubeconfig (v1 Config)", shown_name(version), shown_name(kind)));
        }
    }

    template <class T>
    void add(std::map<std::string, T>& into, YamlNode const& item, std::string_view what, T value) {
        auto const name = in_.text(item, "name");
        value.where = item.where();
        if (!into.emplace(name, std::move(value)).second) {
            in_.refuse(item,
                       fmt::format("a second {} named \"{}\"; rename or remove one of them", what, shown_name(name)));
        }
    }

    Kubeconfig::Cluster cluster(YamlNode const& item) {
        Kubeconfig::Cluster cluster;
        auto const* node = in_.mapping(item, "cluster");
        if (!node) return cluster;
        cluster.server = in_.text(*node, "server");
        cluster.ca_file = resolved(in_.text(*node, "certificate-authority"));
        cluster.ca_pem = in_.bytes(*node, "certificate-authority-data");
        cluster.tls_server_name = in_.text(*node, "tls-server-name");
        cluster.proxy_url = in_.text(*node, "proxy-url");
        cluster.insecure_skip_tls_verify = in_.flag(*node, "insecure-skip-tls-verify");
        cluster.disable_compression = in_.flag(*node, "disable-compression");
        for (auto const* extension : in_.mappings(*node, "extensions")) {
            auto const* content = extension->find("extension");
            if (content && in_.text(*extension, "name") == exec_extension) {
                cluster.exec_config = vedette::to_json(vedette::to_json(*content));
            }
        }
        return cluster;
    }

    Kubeconfig::User user(YamlNode const& item) {
        Kubeconfig::User user;
        auto const* node = in_.mapping(item, "user");
        if (!node) return user;
        user.credentials.token = in_.text(*node, "token");
        user.credentials.token_file = resolved(in_.text(*node, "tokenFile"));
        user.credentials.username = in_.text(*node, "username");
        user.credentials.password = in_.text(*node, "password");
        user.credentials.certificate_pem = in_.bytes(*node, "client-certificate-data");
        user.credentials.key_pem = in_.bytes(*node, "client-key-data");
        user.certificate_file = resolved(in_.text(*node, "client-certificate"));
        user.key_file = resolved(in_.text(*node, "client-key"));
        user.impersonation = impersonation(*node);
        if (auto const* provider = in_.mapping(*node, "auth-provider")) {
            auto const name = in_.text(*provider, "name");
            user.auth_provider = name.empty() ? "unnamed" : name;
        }
        if (auto const* plugin = in_.mapping(*node, "exec")) {
            user.credentials.exec = exec(*plugin);
            user.interactive_mode = in_.text(*plugin, "interactiveMode");
        }
        return user;
    }

    Kubeconfig::Context context(YamlNode const& item) {
        Kubeconfig::Context context;
        auto const* node = in_.mapping(item, "context");
        if (!node) return context;
        context.cluster = in_.text(*node, "cluster");
        context.user = in_.text(*node, "user");
        context.ns = in_.text(*node, "namespace");
        return context;
    }

    Impersonation impersonation(YamlNode const& node) {
        Impersonation result;
        result.user = in_.text(node, "as");
        result.uid = in_.text(node, "as-uid");
        result.groups = in_.texts(node, "as-groups");
        if (auto const* extra = in_.mapping(node, "as-user-extra")) {
            for (auto const& entry : extra->entries) {
                result.extra.emplace_back(entry.key, in_.texts(*extra, entry.key));
            }
        }
        return result;
    }

    ExecPlugin exec(YamlNode const& node) {
        ExecPlugin plugin;
        plugin.api_version = in_.text(node, "apiVersion");
        plugin.command = in_.text(node, "command");
        // A bare name is looked up in PATH; anything with a slash is a file next to the kubeconfig.
        if (plugin.command.find('/') != std::string::npos) plugin.command = resolved(plugin.command);
        plugin.args = in_.texts(node, "args");
        for (auto const* variable : in_.mappings(node, "env")) {
            plugin.env.emplace_back(in_.text(*variable, "name"), in_.text(*variable, "value"));
        }
        plugin.install_hint = in_.text(node, "installHint");
        plugin.provide_cluster_info = in_.flag(node, "provideClusterInfo");
        return plugin;
    }

    std::string resolved(std::string const& path) const {
        if (path.empty() || path.front() == '/') return path;
        auto const joined = (folder_ / path).lexically_normal().string();
        return joined.find('/') == std::string::npos ? "./" + joined : joined;
    }

    std::filesystem::path folder_;
    NodeReader in_;
};

// Tabs may indent JSON but not YAML, so JSON gets a second chance as what it is.
Result<YamlNode> parse_either(std::string_view text, std::string const& path) {
    auto document = parse_yaml(first_document(text), path);
    if (document || text.find_first_not_of(" \t\r\n") == text.npos) return document;
    if (text[text.find_first_not_of(" \t\r\n")] != '{') return document;
    auto json = parse_json(text, path);
    if (!json) return document;
    return parse_yaml(vedette::to_json(*json), path);
}

}  // namespace

std::string shown_name(std::string_view name) {
    bool const text = name.find(": ") != name.npos || name.find_first_of("{}\r\n") != name.npos;
    return text || name.size() > 253 ? fmt::format("({} bytes)", name.size()) : std::string(name);
}

Result<Kubeconfig> parse_kubeconfig(std::string_view text, std::string const& path) {
    auto document = parse_either(text, path);
    if (!document) return fail(Errc::invalid_input, "{}; fix the file or name another", document.error().text());
    if (document->is_null()) return Kubeconfig{};
    if (!document->is_mapping()) {
        return fail(Errc::invalid_input, "{}: a kubeconfig is a mapping, and this is {}", path,
                    to_string(document->kind));
    }
    return Parser(path).parse(*document);
}

void merge_missing(Kubeconfig& into, Kubeconfig from) {
    if (into.current_context.empty()) into.current_context = std::move(from.current_context);
    into.clusters.merge(from.clusters);
    into.users.merge(from.users);
    into.contexts.merge(from.contexts);
}

}  // namespace vedette::kube
