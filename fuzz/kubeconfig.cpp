// kubeconfigs: what is refused is refused in words that name the file, what is accepted has a server, and a token or
// password after whatever is wrong is never repeated.

#include "base/yaml.hpp"
#include "kube/config.hpp"
#include "memory_files.hpp"
#include "target.hpp"

namespace vedette::fuzz {
namespace {

std::optional<std::string> environment(std::string name) {
    if (name == "HOME") return "/home/u";
    return std::nullopt;
}

}  // namespace

void fuzz(std::string_view input) {
    MemoryFiles files;
    files.contents["/k"] = std::string(input);
    files.contents["/second"] = "current-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n";
    kube::ConfigOptions options{.kubeconfig = "/k", .environment = environment};
    auto const target = kube::load_target(options, files);
    if (observe(target)) ensure(!target->server.empty(), "a target has a server");
    if (!target) {
        ensure(!target.error().text().empty(), "a refusal has words");
    }
    if (input.find("hunter2") == std::string_view::npos) {
        files.contents["/k"] += "\nusers: [{name: u, user: {token: hunter2hunter2, password: [hunter2hunter2]}}]\n";
        // Only where the addition is read as a user: after an open quote it would be part of some name.
        auto const whole = parse_yaml(files.contents["/k"], "/k");
        auto const* users = whole ? whole->find("users") : nullptr;
        auto const secret = kube::load_target(options, files);
        if (!secret && users && users->is_sequence()) {
            ensure(secret.error().text().find("hunter2") == std::string::npos, "a refusal repeats no secret");
        }
        files.contents["/k"] = std::string(input);
    }
    options.context = "c";
    observe(kube::load_target(options, files));
    auto const both = [](std::string name) -> std::optional<std::string> {
        if (name == "KUBECONFIG") return "/second:/k:/missing";
        return std::nullopt;
    };
    observe(kube::load_target({.environment = both}, files));
}

}  // namespace vedette::fuzz
