#include "base/json.hpp"
#include "check/check_type.hpp"
#include "integration/command_line/program.hpp"

#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace vedette::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto patience = 120s;
constexpr std::size_t output_limit = 64u << 20;

// A machine too busy to let the program run looks to its watchdog like a step that takes too long. That is no fault of
// what these tests are about.
std::string without_watchdog(std::string text) {
    if (auto const at = text.find("held the reactor for over"); at != std::string::npos) {
        auto const begin = text.rfind('\n', at) + 1;
        text.erase(begin, text.find('\n', at) + 1 - begin);
    }
    return text;
}

void expect_no_accident(Ran const& ran) {
    EXPECT_LT(ran.code, 128) << ran.err;
    for (auto const& text : {ran.out, ran.err}) {
        EXPECT_THAT(text, Not(HasSubstr(secret_mark)));
        EXPECT_THAT(text, Not(HasSubstr("PRIVATE KEY")));
        for (auto const* trace : {"Sanitizer", "runtime error:", "terminate called", "what():", "    #0 0x"}) {
            EXPECT_THAT(text, Not(HasSubstr(trace)));
        }
    }
}

}  // namespace

CommandLine::CommandLine() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vedette-cli-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    write("ca.crt", authority_.certificate_pem);
}

CommandLine::~CommandLine() {
    std::filesystem::remove_all(folder_);
}

std::string CommandLine::write(std::string const& name, std::string const& text) {
    auto const path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return name;
}

std::string CommandLine::kubeconfig(std::string const& server, std::string const& cluster, std::string const& user) {
    return write("config", fmt::format("current-context: shop\n"
                                       "contexts: [{{name: shop, context: {{cluster: shop, user: ann}}}}]\n"
                                       "clusters: [{{name: shop, cluster: {{server: '{}'{}{}}}}}]\n"
                                       "users: [{{name: ann, user: {{{}}}}}]\n",
                                       server, cluster.empty() ? "" : ", ", cluster, user));
}

Ran CommandLine::vedette(std::vector<std::string> arguments, Variables variables) {
    Command command{.argv = std::move(arguments)};
    command.argv.insert(command.argv.begin(), VEDETTE_PROGRAM);
    return run(std::move(command), std::move(variables));
}

Ran CommandLine::shell(std::string script, Variables variables) {
    variables.emplace_back("VEDETTE", VEDETTE_PROGRAM);
    return run({.argv = {"bash", "-c", std::move(script)}}, std::move(variables));
}

Ran CommandLine::run(Command command, Variables variables) {
    command.inherit_env = false;
    command.directory = folder_;
    command.output_limit = output_limit;
    command.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", folder_}};
    for (auto const* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"}) {
        if (auto const* value = std::getenv(name)) command.env.emplace_back(name, value);
    }
    for (auto& [name, value] : variables) command.env.emplace_back(std::move(name), std::move(value));
    auto ended = sockets_.run(process_->run(std::move(command), sockets_.clock().now() + patience));
    if (!ended) {
        ADD_FAILURE() << ended.error().text();
        return {-1, {}, {}};
    }
    Ran ran{ended->code, std::move(ended->output), without_watchdog(std::move(ended->errors))};
    expect_no_accident(ran);
    return ran;
}

net::Identity CommandLine::identity(std::vector<std::string> names, Duration from, Duration until) {
    auto const now = sockets_.clock().wall();
    return net::make_identity(
        {.common_name = "server", .names = std::move(names), .not_before = now + from, .not_after = now + until},
        &authority_);
}

std::unique_ptr<net::TlsServer> CommandLine::tls_server(net::Identity const& shown, bool wants_client_certificate) {
    net::TlsServerOptions options{.certificate_pem = shown.certificate_pem, .key_pem = shown.key_pem};
    if (wants_client_certificate) {
        options.client_ca_pem = authority_.certificate_pem;
        options.require_client_certificate = true;
    }
    auto made = net::make_tls_server(sockets_.clock(), std::move(options));
    if (!made) throw std::runtime_error(made.error().text());
    return std::move(*made);
}

void expect_refused(Ran const& ran, std::string const& sentence) {
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "vedette: " + sentence + "\n");
}

boost::json::object document_of(Ran const& ran) {
    EXPECT_EQ(ran.err, "");
    EXPECT_THAT(ran.out, testing::EndsWith("}\n"));
    auto const parsed = parse_json(ran.out, "standard output");
    if (!parsed || !parsed->is_object()) {
        ADD_FAILURE() << "no JSON document: " << ran.out.substr(0, 400);
        return {};
    }
    EXPECT_EQ(get_string(parsed->get_object(), "schema"), "vedette.check/v1");
    return parsed->get_object();
}

boost::json::object entry(boost::json::object const& document, std::string_view name) {
    if (auto const* checks = document.if_contains("checks")) {
        for (auto const& check : checks->as_array()) {
            if (get_string(check.as_object(), "name") == name) return check.as_object();
        }
    }
    ADD_FAILURE() << "no check " << name;
    return {};
}

std::string status_of(boost::json::object const& document, std::string_view name) {
    return get_string(entry(document, name), "status");
}

std::string message_of(boost::json::object const& document, std::string_view name) {
    return get_string(entry(document, name), "message");
}

void expect_unreachable(Ran const& ran, testing::Matcher<std::string const&> const& cause) {
    EXPECT_EQ(ran.code, 1);
    auto const document = document_of(ran);
    EXPECT_EQ(status_of(document, "apiserver-livez"), "critical");
    EXPECT_THAT(message_of(document, "apiserver-livez"), cause);
    for (auto const* type : check::all_check_types()) {
        if (!type->built_in || !type->needs) continue;
        EXPECT_EQ(status_of(document, type->name), "unknown") << type->name << ": " << message_of(document, type->name);
    }
}

}  // namespace vedette::cli
