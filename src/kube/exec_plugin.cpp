// One run at a time, whoever asks. A run belongs to the request that started it: when that one is out of time its
// plugin is killed, and the next in line starts its own. What a plugin prints is a secret from its first byte, so no
// error quotes its output, and its errors are quoted only after redact().

#include "kube/exec_plugin.hpp"

#include "base/base64.hpp"
#include "base/json.hpp"
#include "base/redact.hpp"
#include "base/time_format.hpp"
#include "base/utf8.hpp"
#include "base/with_deadline.hpp"
#include "base/yaml.hpp"

namespace vedette::kube {
namespace {

constexpr auto patience = std::chrono::minutes(1);
constexpr std::size_t output_limit = 1024 * 1024;
constexpr std::size_t quoted_bytes = 300;

// The last words of what a program said, on one line: its first ones are banners, its last ones the reason.
std::string quoted(std::string_view text) {
    auto const clean = redact(text);
    std::string line;
    for (std::size_t i = 0; i < clean.size();) {
        auto const point = first_code_point(std::string_view(clean).substr(i));
        bool const blank = point.value <= 0x20 || (point.value >= 0x7f && point.value < 0xa0);
        if (!blank && point.valid) line.append(clean, i, point.length);
        if (blank && !line.empty() && line.back() != ' ') line += ' ';
        i += point.length;
    }
    if (line.ends_with(' ')) line.pop_back();
    if (line.size() <= quoted_bytes) return line;
    auto cut = line.size() - quoted_bytes;
    while (cut < line.size() && (static_cast<unsigned char>(line[cut]) & 0xc0) == 0x80) ++cut;
    return "..." + line.substr(cut);
}

// JSON, or YAML as client-go accepts it too. Neither parser's message is passed on: it may quote what it read.
Result<boost::json::value> parse_output(std::string_view output) {
    auto json = parse_json(output, "output");
    if (json) return json;
    auto const yaml = parse_yaml(output, "output");
    if (yaml && yaml->is_mapping()) return vedette::to_json(*yaml);
    return fail(Errc::invalid_input, "it printed no ExecCredential");
}

Error failed(Exit const& exit) {
    auto const said = quoted(exit.errors);
    auto const how = exit.signal ? fmt::format("was killed by signal {}", exit.signal)
                                 : fmt::format("failed with exit code {}", exit.code);
    return {Errc::denied, said.empty() ? how + " and said nothing" : how + ": " + said};
}

Error not_started(Error const& error, ExecPlugin const& plugin) {
    if (error.code() == Errc::timed_out) return {Errc::timed_out, "did not answer in time and was killed"};
    auto const code = error.code() == Errc::denied ? Errc::denied : Errc::invalid_input;
    auto const hint = quoted(plugin.install_hint);
    if (error.code() != Errc::not_found) return {code, error.text()};
    return {code, hint.empty() ? "is not installed, or not in PATH" : "is not installed, or not in PATH; " + hint};
}

}  // namespace

Result<ExecCredential> parse_exec_credential(std::string_view output, std::string_view api_version) {
    auto const parsed = parse_output(output);
    if (!parsed) return std::unexpected(parsed.error());
    if (get_string(*parsed, "kind") != "ExecCredential") {
        return fail(Errc::invalid_input, "it printed no ExecCredential");
    }
    if (get_string(*parsed, "apiVersion") != api_version) {
        return fail(Errc::invalid_input, "it answered in another version than {}, which the kubeconfig names",
                    api_version);
    }
    auto const* status = find(*parsed, "status");
    if (!status || !status->is_object()) return fail(Errc::invalid_input, "its ExecCredential has no status");
    ExecCredential credential{.token = get_string(*status, "token"),
                              .certificate_pem = get_string(*status, "clientCertificateData"),
                              .key_pem = get_string(*status, "clientKeyData")};
    if (credential.certificate_pem.empty() != credential.key_pem.empty()) {
        return fail(Errc::invalid_input, "it printed a certificate or a key, but not both");
    }
    if (credential.token.empty() && credential.key_pem.empty()) {
        return fail(Errc::invalid_input, "it printed neither a token nor a certificate with its key");
    }
    auto const* expires = find(*status, "expirationTimestamp");
    if (expires && !expires->is_null()) {
        auto const when = parse_rfc3339(get_string(*status, "expirationTimestamp"));
        if (!when) return fail(Errc::invalid_input, "its expirationTimestamp is no RFC 3339 time");
        credential.expires = *when;
    }
    return credential;
}

std::string exec_info(Target const& target) {
    boost::json::object spec;
    auto const& plugin = *target.credentials.exec;
    if (plugin.provide_cluster_info) {
        boost::json::object cluster{{"server", target.server}};
        if (!target.tls_server_name.empty()) cluster["tls-server-name"] = target.tls_server_name;
        if (target.insecure_skip_tls_verify) cluster["insecure-skip-tls-verify"] = true;
        if (!target.ca_pem.empty()) cluster["certificate-authority-data"] = base64_encode(target.ca_pem);
        if (!target.proxy_url.empty()) cluster["proxy-url"] = target.proxy_url;
        if (target.disable_compression) cluster["disable-compression"] = true;
        auto const config = parse_json(plugin.cluster_config, "cluster_config");
        if (!plugin.cluster_config.empty() && config) cluster["config"] = *config;
        spec["cluster"] = std::move(cluster);
    }
    spec["interactive"] = false;
    return vedette::to_json(
        boost::json::object{{"kind", "ExecCredential"}, {"apiVersion", plugin.api_version}, {"spec", std::move(spec)}});
}

/// Marks a run while it lasts, however it ends.
struct ExecCredentials::Running {
    explicit Running(ExecCredentials& owner) : self(owner) { self.running_ = true; }
    ~Running() {
        self.running_ = false;
        self.ended_->notify();
    }
    Running(Running const&) = delete;
    Running& operator=(Running const&) = delete;
    ExecCredentials& self;
};

ExecCredentials::ExecCredentials(Target const& target, Process& process, Clock& clock)
    : plugin_(*target.credentials.exec),
      name_(fmt::format("credential plugin {}", plugin_.command)),
      info_(exec_info(target)),
      process_(process),
      clock_(clock) {}

bool ExecCredentials::good() const {
    return issued_ && (!issued_->expires || clock_.wall() < *issued_->expires);
}

void ExecCredentials::reject(std::uint64_t run) {
    if (issued_ && issued_->run == run) issued_.reset();
}

Task<ExecCredential> ExecCredentials::current(Deadline deadline) {
    while (!good()) {
        if (!running_) {
            auto renewed = co_await renew(deadline);
            co_return renewed;
        }
        auto const awaited = runs_;
        auto ended = run_ended();
        auto in_time = co_await with_deadline(clock_, deadline, std::move(ended));
        if (!in_time) co_return pass(in_time, name_);
        // What the run brought is shared even if it is no good any more, or everybody would run it again in turn.
        if (issued_ && issued_->run == awaited) break;
        if (failure_ && runs_ == awaited) co_return std::unexpected(*failure_);
    }
    co_return *issued_;
}

Task<void> ExecCredentials::run_ended() {
    co_await ended_->wait();
    co_return Result<void>{};
}

Task<ExecCredential> ExecCredentials::renew(Deadline deadline) {
    auto const executor = co_await asio::this_coro::executor;
    if (!ended_) ended_.emplace(executor, "a credential plugin");
    ++runs_;
    failure_.reset();
    Running const mark(*this);
    auto got = co_await run(deadline);
    if (got) {
        got->run = runs_;
        issued_ = *got;
        co_return got;
    }
    // Only the one who ran out of time has run out of time.
    if (got.error().code() != Errc::timed_out) failure_ = got.error();
    co_return got;
}

Task<ExecCredential> ExecCredentials::run(Deadline deadline) {
    if (plugin_.needs_terminal) {
        co_return fail(Errc::invalid_input,
                       "{}: wants to ask questions (interactiveMode: Always), which cannot be answered here; use "
                       "IfAvailable or Never",
                       name_);
    }
    Command command{.argv = {plugin_.command}, .env = plugin_.env, .output_limit = output_limit};
    command.argv.insert(command.argv.end(), plugin_.args.begin(), plugin_.args.end());
    command.env.emplace_back("KUBERNETES_EXEC_INFO", info_);
    auto exit = co_await process_.run(std::move(command), std::min(deadline, clock_.now() + patience));
    if (!exit) co_return std::unexpected(not_started(exit.error(), plugin_).in_context(name_));
    if (exit->code != 0) co_return std::unexpected(failed(*exit).in_context(name_));
    if (exit->output.size() >= output_limit) {
        co_return fail(Errc::invalid_input, "{}: printed more than {} bytes", name_, output_limit);
    }
    auto credential = parse_exec_credential(exit->output, plugin_.api_version);
    if (!credential) co_return pass(credential, name_);
    co_return std::move(*credential);
}

}  // namespace vedette::kube
