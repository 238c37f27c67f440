// kubeconfigs: what is refused is refused in words that name the file, what is accepted has a server, and a token or
// password after whatever is wrong is never repeated.

#include "base/redact.hpp"
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

// What a person sees of a refusal is what redact() leaves. Whatever stands before, even an open quote that makes the
// addition part of some name, a token or password is not in it.
void expect_no_leak(MemoryFiles& files, std::string const& input, kube::ConfigOptions const& options) {
    for (std::string const addition :
         {"\nusers: [{name: u, user: {token: hunter2hunter2, password: [hunter2hunter2]}}]\n",
          "\nusers: [{name: u, user: {tokenFile: hunter2hunter2}}]\n",
          "\nusers: [{name: u, user: {client-certificate: /k, client-key: hunter2hunter2}}]\n"}) {
        files.contents["/k"] = input + addition;
        auto const target = kube::load_target(options, files);
        if (target) continue;
        // A file's name is a secret only where it is read as one.
        bool const keyed = addition.find("token: ") != std::string::npos;
        auto const whole = keyed ? Result<YamlNode>() : parse_yaml(files.contents["/k"], "/k");
        auto const* users = whole ? whole->find("users") : nullptr;
        if (!keyed && (!users || !users->is_sequence())) continue;
        ensure(redact(target.error().text()).find("hunter2") == std::string::npos, "a refusal repeats no secret");
    }
    files.contents["/k"] = input;
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
    if (input.find("hunter2") == std::string_view::npos) expect_no_leak(files, std::string(input), options);
    options.context = "c";
    observe(kube::load_target(options, files));
    auto const both = [](std::string name) -> std::optional<std::string> {
        if (name == "KUBECONFIG") return "/second:/k:/missing";
        return std::nullopt;
    };
    observe(kube::load_target({.environment = both}, files));
}

}  // namespace vedette::fuzz
