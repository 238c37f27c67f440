// Each instance is read by itself, so that one message per mistake reaches the author at once. What is allowed is a
// list of what is known to be safe, never a list of what is not: a new check type starts refused, unless it only reads
// objects.

#include "operator/native_checks.hpp"

#include "base/redact.hpp"
#include "base/yaml_of_json.hpp"
#include "check/catalogue/probes/probes.hpp"
#include "check/fetch_plan.hpp"
#include "check/objects/meta.hpp"
#include "check/rbac.hpp"
#include "check/suite_reader.hpp"
#include "kube/name_syntax.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_message = 400;  // bytes: they quote what the author wrote
constexpr std::string_view pem_parameters[] = {"ca", "client_certificate", "client_key"};

std::size_t count_values(json::value const& value, std::size_t enough) {
    std::size_t count = 1;
    if (auto const* items = value.if_array()) {
        for (auto const& item : *items) {
            if (count >= enough) break;
            count += count_values(item, enough - count);
        }
    } else if (auto const* members = value.if_object()) {
        for (auto const& member : *members) {
            if (count >= enough) break;
            count += count_values(member.value(), enough - count);
        }
    }
    return count;
}

bool is_probe(check::CheckType const& type) {
    return &type == &check::http || &type == &check::tcp || &type == &check::dns;
}

bool is_object_check(check::CheckType const& type) {
    return type.needs != nullptr && type.judge != nullptr;
}

// The engine would skip such a check in a run that is confined to a namespace, and a skipped check counts as healthy.
bool looks_past_namespaces(check::CheckType const& type) {
    if (type.cluster_scoped) return true;
    if (!type.needs) return false;
    auto const reads = type.needs();
    return std::ranges::any_of(reads, [](check::Read const& read) {
        return !read.optional && (!read.resource.namespaced || !read.only_namespace.empty());
    });
}

bool is_empty_or_pem(std::string_view text) {
    return text.empty() || text.contains("-----BEGIN ");
}

class Reader {
public:
    explicit Reader(HealthCheck const& check) : check_(check) {}

    NativeChecks read();

private:
    /// `format` goes on after the field: " is missing", ": exec runs a program".
    template <class... Args>
    void wrong(std::string field, std::string reason, fmt::format_string<Args...> format, Args&&... args) {
        auto const message = fmt::format("{}{}", field, fmt::format(format, std::forward<Args>(args)...));
        tell(std::move(field), std::move(reason), message);
    }
    void tell(std::string field, std::string reason, std::string const& message) {
        found_.problems.push_back({.severity = Problem::Severity::error,
                                   .field = std::move(field),
                                   .reason = std::move(reason),
                                   .message = check::clip(redact(message), longest_message)});
    }

    bool fits();
    void add(json::value const& written, std::string const& at);
    bool may_run(check::CheckType const& type, std::string const& at);
    bool may_use(check::Instance const& instance, std::string const& at);
    bool stays_inside(check::Instance const& instance, std::string const& at);
    bool is_usable(check::Instance const& instance, std::string const& at);
    void require_account();

    bool confined() const { return check_.spec.level() != Level::cluster; }

    HealthCheck const& check_;
    NativeChecks found_;
    std::map<std::string, std::string> names_;  // of a check -> where it was given
};

bool Reader::fits() {
    auto const& checks = check_.spec.checks;
    if (checks.size() > max_native_checks) {
        wrong("spec.checks", "ChecksTooMany", " holds {} checks, and {} are allowed: divide them among HealthChecks",
              checks.size(), max_native_checks);
        return false;
    }
    if (count_values(checks, max_native_values + 1) > max_native_values) {
        wrong("spec.checks", "ChecksTooLarge", " holds more than {} values: divide them among HealthChecks",
              max_native_values);
        return false;
    }
    return true;
}

bool Reader::may_run(check::CheckType const& type, std::string const& at) {
    auto const field = at + ".type";
    if (&type == &check::exec) {
        wrong(field, "CheckRefused", ": exec runs a program, and the operator runs none: use spec.workflow for it");
        return false;
    }
    if (!is_probe(type) && !is_object_check(type)) {
        wrong(field, "CheckRefused",
              ": {} looks at the connection and credentials of whoever runs it, which here are the operator's: run it "
              "with `vedette check`, or choose a check of objects, http, tcp or dns",
              type.name);
        return false;
    }
    if (confined() && looks_past_namespaces(type)) {
        wrong(field, "CheckRefused",
              ": {} looks at the whole cluster, and level namespace sees {} alone: write level: cluster", type.name,
              check_.ns);
        return false;
    }
    return true;
}

bool Reader::may_use(check::Instance const& instance, std::string const& at) {
    auto const before = found_.problems.size();
    auto const& params = instance.params;
    if (!params.skip_if.empty()) {
        wrong(at + ".skip_if", "CheckRefused",
              " names an environment variable, and checks see none of the operator's: leave skip_if out");
    }
    for (auto const name : pem_parameters) {
        auto const* text = params.with.if_contains(name);
        if (!text || is_empty_or_pem(text->get_string())) continue;
        wrong(fmt::format("{}.with.{}", at, name), "CheckRefused",
              " is not PEM text: write the text itself, the operator reads no files for a check");
    }
    if (instance.type == &check::http && params.integer("max_bytes") > max_native_answer) {
        wrong(at + ".with.max_bytes", "CheckRefused", " is more than {} bytes, the most that a check may read here",
              max_native_answer);
    }
    return found_.problems.size() == before;
}

bool Reader::stays_inside(check::Instance const& instance, std::string const& at) {
    if (!confined()) return true;
    auto const& names = instance.params.namespaces;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == check_.ns) continue;
        wrong(fmt::format("{}.namespaces[{}]", at, i), "CheckRefused",
              ": level namespace sees {} alone, and not \"{}\": leave namespaces out, or write level: cluster",
              check_.ns, names[i]);
        return false;
    }
    return true;
}

// What the type itself says about well-formed parameters, and a name of its own.
bool Reader::is_usable(check::Instance const& instance, std::string const& at) {
    auto const& type = *instance.type;
    if (auto const why = type.bad_parameter ? type.bad_parameter(instance.params) : std::string(); !why.empty()) {
        wrong(at + ".with", "CheckInvalid", ": {}", why);
        return false;
    }
    auto const [taken, is_new] = names_.emplace(instance.identity.name, at);
    if (is_new) return true;
    wrong(at + ".name", "CheckInvalid", ": the name \"{}\" is taken by {}: give each check a name of its own",
          check::clip(instance.identity.name, 64), taken->second);
    return false;
}

void Reader::add(json::value const& written, std::string const& at) {
    auto instance = check::read_instance(yaml_of_json(written, at), nullptr, check_.ns + "/" + check_.name);
    if (!instance) {
        auto const& text = instance.error().text();
        tell(text.substr(0, text.find(": ")), "CheckInvalid", text);
        return;
    }
    // Not short-circuited: each says what it has to say.
    bool const runs = may_run(*instance->type, at);
    bool const uses = may_use(*instance, at);
    bool const stays = stays_inside(*instance, at);
    bool const usable = is_usable(*instance, at);
    if (runs && uses && stays && usable) found_.instances.push_back(std::move(*instance));
}

void Reader::require_account() {
    constexpr char field[] = "spec.serviceAccountName";
    auto const& account = check_.spec.service_account_name;
    if (!account.empty() && !kube::subdomain_faults(account).empty()) {
        // The account is made, whatever the checks read.
        wrong(field, "ServiceAccountInvalid",
              ": \"{}\" is no name of a service account: write lower case letters and digits, - and . between them, at "
              "most 253 characters",
              check::clip(account, 64));
    } else if (account.empty() && reads_objects(found_.instances)) {
        wrong(field, "ServiceAccountMissing",
              " is missing: checks of objects read as a service account of the namespace {}, with its rights",
              check_.ns);
    }
}

NativeChecks Reader::read() {
    if (!fits()) return std::move(found_);
    auto const& checks = check_.spec.checks;
    for (std::size_t i = 0; i < checks.size(); ++i) add(checks[i], fmt::format("spec.checks[{}]", i));
    require_account();
    return std::move(found_);
}

void add_rules(std::vector<PolicyRule>& rules, check::Rights const& rights) {
    for (auto const& [what, verbs] : rights) {
        auto const& [group, resource, name] = what;
        PolicyRule rule{.api_groups = {group}, .resources = {resource}, .verbs = {verbs.begin(), verbs.end()}};
        if (!name.empty()) rule.resource_names = {name};
        if (std::ranges::find(rules, rule) == rules.end()) rules.push_back(std::move(rule));
    }
}

}  // namespace

NativeChecks read_native_checks(HealthCheck const& check) {
    return Reader(check).read();
}

std::vector<Problem> validate_checks(HealthCheck const& check) {
    if (check.spec.checks.empty()) return {};
    return read_native_checks(check).problems;
}

std::vector<std::string> native_namespaces(HealthCheck const& check) {
    if (check.spec.level() == Level::cluster) return {};
    return {check.ns};
}

bool reads_objects(std::vector<check::Instance> const& instances) {
    return std::ranges::any_of(instances, [](auto const& instance) { return instance.type->needs_cluster; });
}

std::map<std::string, std::vector<PolicyRule>> rights_for_checks(HealthCheck const& check) {
    auto const needed = check::rights_of(read_native_checks(check).instances, native_namespaces(check));
    std::map<std::string, std::vector<PolicyRule>> rights;
    if (!needed.cluster.empty()) add_rules(rights[""], needed.cluster);
    for (auto const& [ns, inside] : needed.namespaced) add_rules(rights[ns], inside);
    return rights;
}

std::vector<PolicyRule> rules_for_checks(HealthCheck const& check) {
    std::vector<PolicyRule> all;
    auto rights = rights_for_checks(check);
    for (auto& [ns, rules] : rights) {
        for (auto& rule : rules) {
            if (std::ranges::find(all, rule) == all.end()) all.push_back(std::move(rule));
        }
    }
    return all;
}

}  // namespace vedette::op
