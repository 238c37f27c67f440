// What client-go's clientcmd and transport check, in the order in which a person would fix it. Two differences, both
// on purpose: a context that names a cluster or user nobody defines is an error here, where kubectl would turn to
// localhost:8080 or ask for a password; and an exec plugin that other credentials override is dropped at once.

#include "kube/config_target.hpp"

#include "base/suggest.hpp"
#include "net/http.hpp"

namespace vedette::kube {
namespace {

constexpr std::size_t pem_limit = 1024 * 1024;
constexpr std::size_t token_limit = 64 * 1024;

Result<std::string> read_pem(Files& files, std::string const& path, std::string_view field, std::string_view where) {
    auto text = files.read(path, pem_limit);
    if (!text) return pass(text, fmt::format("{}: {}", where, field));
    return std::move(*text);
}

// People write the key or the token itself where its file's name belongs. A value is shown only if it reads like the
// name of such a file.
bool names_a_file(std::string_view path) {
    auto const name = path.substr(path.rfind('/') + 1);
    if (path.size() > 255 || name.size() > 64 || name.starts_with("eyJ")) return false;
    if (name == "token") return true;
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{".key", ".pem", ".crt", ".token", ".txt", ".jwt"},
        [name](std::string_view ending) { return name.ends_with(ending); });
}

std::string_view what_failed(Errc code) {
    switch (code) {
        case Errc::not_found:
            return "no such file";
        case Errc::denied:
            return "permission denied";
        case Errc::too_large:
            return "too large a file";
        default:
            return "not a file that can be read";
    }
}

Result<std::string> read_secret(Files& files, std::string const& path, std::size_t limit, std::string_view field,
                                std::string_view where) {
    auto text = files.read(path, limit);
    if (text) return std::move(*text);
    if (names_a_file(path)) return pass(text, fmt::format("{}: {}", where, field));
    return fail(text.error().code(), "{}: {}: {}; it takes the name of a file (not shown: it may be the secret itself)",
                where, field, what_failed(text.error().code()));
}

std::vector<std::string> names_of(std::map<std::string, Kubeconfig::Context> const& contexts) {
    std::vector<std::string> names;
    for (auto const& [name, context] : contexts) names.push_back(shown_name(name));
    return names;
}

std::string known_contexts(Kubeconfig const& config) {
    auto names = names_of(config.contexts);
    bool const more = names.size() > 5;
    if (more) names.resize(5);
    return fmt::format("it has {}{}", fmt::join(names, ", "), more ? " and others" : "");
}

Result<Kubeconfig::Context const*> find_context(Kubeconfig const& config, std::string const& name,
                                                std::string const& origin) {
    if (config.contexts.empty()) {
        return fail(Errc::invalid_input, "{}: holds no context: it is empty or no kubeconfig; name another", origin);
    }
    if (name.empty()) {
        return fail(Errc::invalid_input, "{}: no current-context; choose one with --context ({})", origin,
                    known_contexts(config));
    }
    auto const found = config.contexts.find(name);
    if (found != config.contexts.end()) return &found->second;
    auto const hint = did_you_mean(name, names_of(config.contexts));
    return fail(Errc::not_found, "{}: no context \"{}\"{}", origin, shown_name(name),
                hint.empty() ? "; " + known_contexts(config) : hint);
}

// "host:port" without a scheme is plain HTTP for kubectl, and may then have no path.
Result<std::string> server_of(Kubeconfig::Cluster const& cluster) {
    if (cluster.server.empty()) return fail(Errc::invalid_input, "{}: the cluster has no server", cluster.where);
    auto text = cluster.server;
    if (text.find("://") == std::string::npos) {
        if (auto const slash = text.find('/'); slash != std::string::npos && slash + 1 != text.size()) {
            return fail(Errc::invalid_input, "{}: server must be a URL such as https://host:6443/path", cluster.where);
        }
        text.insert(0, "http://");
    }
    auto url = net::parse_url(text);
    if (!url) return pass(url, fmt::format("{}: server", cluster.where));
    if (!url->user.empty()) {
        return fail(Errc::invalid_input,
                    "{}: server holds a user name; credentials belong to the user's username and password",
                    cluster.where);
    }
    text.replace(0, text.find(':'), url->scheme);  // HTTPS:// is https://
    text.resize(std::min({text.find('?'), text.find('#'), text.size()}));
    while (text.ends_with('/')) text.pop_back();
    return text;
}

Result<void> check_proxy(Kubeconfig::Cluster const& cluster) {
    auto const& url = cluster.proxy_url;
    if (url.empty()) return {};
    if (url.starts_with("socks5:")) {
        return fail(Errc::unsupported, "{}: proxy-url is a SOCKS proxy; only http:// and https:// proxies are spoken",
                    cluster.where);
    }
    if (auto parsed = net::parse_url(url); !parsed) return pass(parsed, fmt::format("{}: proxy-url", cluster.where));
    return {};
}

Result<void> read_trust(Kubeconfig::Cluster const& cluster, Files& files, Target& target) {
    target.insecure_skip_tls_verify = cluster.insecure_skip_tls_verify;
    target.tls_server_name = cluster.tls_server_name;
    target.ca_pem = cluster.ca_pem;
    if (!cluster.ca_file.empty() && !cluster.ca_pem.empty()) {
        return fail(Errc::invalid_input,
                    "{}: certificate-authority and certificate-authority-data are both given; remove one",
                    cluster.where);
    }
    if (!cluster.ca_file.empty()) {
        auto text = read_pem(files, cluster.ca_file, "certificate-authority", cluster.where);
        if (!text) return pass(text);
        target.ca_pem = std::move(*text);
    }
    bool const secure = target.server.starts_with("https:");
    if (secure && target.insecure_skip_tls_verify && !(cluster.ca_file.empty() && cluster.ca_pem.empty())) {
        return fail(Errc::invalid_input,
                    "{}: insecure-skip-tls-verify and a certificate authority exclude each other; remove one",
                    cluster.where);
    }
    return {};
}

Result<void> read_certificate(Kubeconfig::User const& user, Files& files, Credentials& credentials) {
    if (user.certificate_file.empty() && credentials.certificate_pem.empty()) {
        credentials.key_pem.clear();  // a key alone is ignored
        return {};
    }
    if (!user.certificate_file.empty() && !credentials.certificate_pem.empty()) {
        return fail(Errc::invalid_input,
                    "{}: client-certificate and client-certificate-data are both given; remove one", user.where);
    }
    if (!user.key_file.empty() && !credentials.key_pem.empty()) {
        return fail(Errc::invalid_input, "{}: client-key and client-key-data are both given; remove one", user.where);
    }
    if (user.key_file.empty() && credentials.key_pem.empty()) {
        return fail(Errc::invalid_input, "{}: a client certificate without its key; add client-key or client-key-data",
                    user.where);
    }
    if (!user.certificate_file.empty()) {
        auto text = read_pem(files, user.certificate_file, "client-certificate", user.where);
        if (!text) return pass(text);
        credentials.certificate_pem = std::move(*text);
    }
    if (!user.key_file.empty()) {
        auto text = read_secret(files, user.key_file, pem_limit, "client-key", user.where);
        if (!text) return pass(text);
        credentials.key_pem = std::move(*text);
    }
    return {};
}

Result<void> check_exec(Kubeconfig::User const& user, ExecPlugin& plugin) {
    auto const bad = [&user](std::string_view what) {
        return fail(Errc::invalid_input, "{}: exec plugin: {}", user.where, what);
    };
    if (plugin.command.empty()) return bad("command is missing");
    if (plugin.api_version.empty()) return bad("apiVersion is missing; use client.authentication.k8s.io/v1");
    bool const v1 = plugin.api_version == "client.authentication.k8s.io/v1";
    if (!v1 && plugin.api_version != "client.authentication.k8s.io/v1beta1") {
        return bad("apiVersion must be client.authentication.k8s.io/v1 or v1beta1; update the plugin and its entry");
    }
    auto const& mode = user.interactive_mode;
    if (mode.empty() && v1) return bad("interactiveMode is missing; add interactiveMode: Never or IfAvailable");
    if (!mode.empty() && mode != "Never" && mode != "IfAvailable" && mode != "Always") {
        return bad("interactiveMode must be Never, IfAvailable or Always");
    }
    for (auto const& [name, value] : plugin.env) {
        if (name.empty()) return bad("an env entry has no name");
    }
    plugin.needs_terminal = mode == "Always";
    return {};
}

Result<void> check_user(Kubeconfig::User const& user) {
    auto const& credentials = user.credentials;
    if (!user.auth_provider.empty()) {
        return fail(Errc::unsupported,
                    "{}: auth-provider \"{}\" is not supported any more; configure an exec credential plugin instead",
                    user.where, shown_name(user.auth_provider));
    }
    bool const basic = !credentials.username.empty() || !credentials.password.empty();
    if (basic && !(credentials.token.empty() && credentials.token_file.empty())) {
        return fail(Errc::invalid_input, "{}: a token and a user name with password exclude each other; remove one",
                    user.where);
    }
    auto const& as = user.impersonation;
    if (as.user.empty() && !(as.uid.empty() && as.groups.empty() && as.extra.empty())) {
        return fail(Errc::invalid_input, "{}: as-uid, as-groups and as-user-extra need a user to impersonate in \"as\"",
                    user.where);
    }
    return {};
}

// A token file that cannot be read now is an error now, unless there is a token to start with.
Result<void> check_token_file(Kubeconfig::User const& user, Files& files) {
    if (user.credentials.token_file.empty() || !user.credentials.token.empty()) return {};
    auto text = read_secret(files, user.credentials.token_file, token_limit, "tokenFile", user.where);
    if (!text) return pass(text);
    return {};
}

Result<void> read_user(Kubeconfig::User const& user, Kubeconfig::Cluster const& cluster, Files& files, Target& target) {
    if (auto checked = check_user(user); !checked) return checked;
    target.impersonation = user.impersonation;
    auto credentials = user.credentials;
    if (auto read = read_certificate(user, files, credentials); !read) return read;
    if (credentials.exec) {
        if (auto checked = check_exec(user, *credentials.exec); !checked) return checked;
        credentials.exec->cluster_config = cluster.exec_config;
    }
    bool const others = !(credentials.token.empty() && credentials.token_file.empty() && credentials.username.empty() &&
                          credentials.certificate_pem.empty());
    if (others) credentials.exec.reset();
    // Nobody's secret goes over plain HTTP.
    if (target.server.starts_with("https:")) {
        if (auto checked = check_token_file(user, files); !checked) return checked;
        target.credentials = std::move(credentials);
    }
    return {};
}

}  // namespace

Result<Target> target_of(Kubeconfig const& config, std::string const& name, std::string const& origin, Files& files) {
    auto context = find_context(config, name, origin);
    if (!context) return pass(context);
    auto const cluster = config.clusters.find((*context)->cluster);
    if (cluster == config.clusters.end()) {
        return fail(Errc::invalid_input, "{}: context \"{}\" names the cluster \"{}\", which no kubeconfig defines",
                    (*context)->where, shown_name(name), shown_name((*context)->cluster));
    }
    static Kubeconfig::User const nobody;
    auto const user = config.users.find((*context)->user);
    if (user == config.users.end() && !(*context)->user.empty()) {
        return fail(Errc::invalid_input, "{}: context \"{}\" names the user \"{}\", which no kubeconfig defines",
                    (*context)->where, shown_name(name), shown_name((*context)->user));
    }

    Target target{.context = name, .proxy_url = cluster->second.proxy_url};
    target.disable_compression = cluster->second.disable_compression;
    if (!(*context)->ns.empty()) target.ns = (*context)->ns;
    auto server = server_of(cluster->second);
    if (!server) return pass(server);
    target.server = std::move(*server);
    if (auto checked = check_proxy(cluster->second); !checked) return pass(checked);
    if (auto read = read_trust(cluster->second, files, target); !read) return pass(read);
    auto const& who = user == config.users.end() ? nobody : user->second;
    if (auto read = read_user(who, cluster->second, files, target); !read) return pass(read);
    return target;
}

}  // namespace vedette::kube
