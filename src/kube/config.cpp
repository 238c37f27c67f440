// Which files, in which order, and what if there are none: client-go's loading rules, except that nothing ever falls
// back to localhost:8080, and that a file named with --kubeconfig is never silently replaced by the pod's own account.

#include "kube/config.hpp"

#include "base/trim.hpp"
#include "kube/config_target.hpp"
#include "kube/kubeconfig.hpp"

namespace vedette::kube {
namespace {

constexpr std::size_t file_limit = 1024 * 1024;
constexpr std::size_t small_file_limit = 64 * 1024;
constexpr char account_folder[] = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string variable(ConfigOptions const& options, std::string const& name) {
    return options.environment ? options.environment(name).value_or("") : std::string();
}

std::vector<std::string> split_paths(std::string_view list) {
    std::vector<std::string> paths;
    while (!list.empty()) {
        auto const end = std::min(list.find(':'), list.size());
        std::string path(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        if (!path.empty() && std::ranges::find(paths, path) == paths.end()) paths.push_back(std::move(path));
    }
    return paths;
}

// The files that may hold a kubeconfig, and who named them.
struct Candidates {
    enum class By { flag, variable, home };
    By by = By::home;
    std::vector<std::string> paths;

    std::string way_out() const {
        switch (by) {
            case By::flag:
                return "check --kubeconfig";
            case By::variable:
                return "check KUBECONFIG";
            case By::home:
                return "name another one with --kubeconfig or KUBECONFIG";
        }
        return {};
    }

    std::string missing() const {
        if (paths.empty()) return by == By::variable ? "KUBECONFIG names no file" : "HOME is not set";
        if (paths.size() == 1) return fmt::format("{} does not exist", paths[0]);
        return fmt::format("none of {} exists", fmt::join(paths, ", "));
    }
};

Candidates candidates(ConfigOptions const& options) {
    if (!options.kubeconfig.empty()) return {Candidates::By::flag, {options.kubeconfig}};
    if (auto const list = variable(options, "KUBECONFIG"); !list.empty()) {
        return {Candidates::By::variable, split_paths(list)};
    }
    auto const home = variable(options, "HOME");
    if (home.empty()) return {Candidates::By::home, {}};
    return {Candidates::By::home, {home + "/.kube/config"}};
}

struct Loaded {
    Kubeconfig config;
    std::vector<std::string> from;
};

Result<Loaded> load(Candidates const& from, Files& files) {
    Loaded loaded;
    for (auto const& path : from.paths) {
        auto text = files.read(path, file_limit);
        if (!text && text.error().code() == Errc::not_found && from.by != Candidates::By::flag) continue;
        if (!text && text.error().code() == Errc::too_large) {
            return fail(Errc::too_large, "kubeconfig {}: larger than 1 MiB; is it a kubeconfig?", path);
        }
        if (!text) return fail(text.error().code(), "kubeconfig {}; {}", text.error().text(), from.way_out());
        auto config = parse_kubeconfig(*text, path);
        if (!config) return pass(config, "kubeconfig");
        merge_missing(loaded.config, std::move(*config));
        loaded.from.push_back(path);
    }
    return loaded;
}

bool in_a_pod(ConfigOptions const& options, Files& files) {
    return !variable(options, "KUBERNETES_SERVICE_HOST").empty() &&
           !variable(options, "KUBERNETES_SERVICE_PORT").empty() &&
           files.version(fmt::format("{}/token", account_folder)).has_value();
}

// An account without a ca.crt leaves the trust to the system, as for client-go. One that is there and cannot be used is
// an error: whoever mounted it did not mean the system's.
Result<std::string> read_authority(Files& files) {
    auto const path = fmt::format("{}/ca.crt", account_folder);
    auto text = files.read(path, file_limit);
    if (!text && text.error().code() == Errc::not_found) return std::string();
    if (!text) return pass(text, "in-cluster");
    if (trim(*text).empty()) return fail(Errc::invalid_input, "in-cluster: {}: is empty", path);
    return std::move(*text);
}

// The pod's own service account; its token is bound to the pod and replaced while we run, so only its file is kept.
Result<Target> in_cluster(ConfigOptions const& options, Files& files) {
    auto host = variable(options, "KUBERNETES_SERVICE_HOST");
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    Target target{.server = fmt::format("https://{}:{}", host, variable(options, "KUBERNETES_SERVICE_PORT")),
                  .context = "in-cluster"};
    target.credentials.token_file = fmt::format("{}/token", account_folder);
    auto authority = read_authority(files);
    if (!authority) return pass(authority);
    target.ca_pem = std::move(*authority);
    auto ns = std::string(trim(variable(options, "POD_NAMESPACE")));
    if (ns.empty()) ns = trim(files.read(fmt::format("{}/namespace", account_folder), small_file_limit).value_or(""));
    if (!ns.empty()) target.ns = ns;
    return target;
}

}  // namespace

Result<Target> load_target(ConfigOptions const& options, Files& files) {
    auto const from = candidates(options);
    bool const explicit_file = from.by == Candidates::By::flag;
    auto loaded = load(from, files);
    if (!loaded) return pass(loaded);
    auto const context = options.context.empty() ? loaded->config.current_context : options.context;
    if (context.empty() && !explicit_file && in_a_pod(options, files)) return in_cluster(options, files);
    if (loaded->from.empty()) {
        return fail(Errc::not_found,
                    "no kubeconfig: {}, and this is no pod with a service account; name a kubeconfig with "
                    "--kubeconfig or KUBECONFIG",
                    from.missing());
    }
    return target_of(loaded->config, context, fmt::format("kubeconfig {}", fmt::join(loaded->from, ":")), files);
}

}  // namespace vedette::kube
