// What can be told from the spec alone. The reference's silence about these is what its users complain about most.

#include "operator/validate.hpp"

#include "base/cron.hpp"
#include "base/duration.hpp"
#include "base/ensure.hpp"
#include "base/json.hpp"
#include "kube/name_syntax.hpp"
#include "operator/bounded.hpp"
#include "operator/url_source.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

class Findings {
public:
    template <class... Args>
    void error(std::string field, std::string reason, fmt::format_string<Args...> format, Args&&... args) {
        add(Problem::Severity::error, std::move(field), std::move(reason),
            fmt::format(format, std::forward<Args>(args)...));
    }
    template <class... Args>
    void warning(std::string field, std::string reason, fmt::format_string<Args...> format, Args&&... args) {
        add(Problem::Severity::warning, std::move(field), std::move(reason),
            fmt::format(format, std::forward<Args>(args)...));
    }
    /// An error of a check; of a remedy it is for the remedy alone, as the reference finds out when it is needed.
    template <class... Args>
    void stops(bool remedy, std::string field, std::string reason, fmt::format_string<Args...> format, Args&&... args) {
        add(remedy ? Problem::Severity::warning : Problem::Severity::error, std::move(field), std::move(reason),
            fmt::format(format, std::forward<Args>(args)...));
        found_.back().stops_remedy = remedy;
    }
    std::vector<Problem> take() && { return std::move(found_); }

private:
    void add(Problem::Severity severity, std::string field, std::string reason, std::string message) {
        found_.push_back({severity, std::move(field), std::move(reason), std::move(message)});
    }
    std::vector<Problem> found_;
};

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

constexpr std::size_t longest_name_prefix = 253;

// A DNS subdomain that may end in dashes, or the API server refuses what is named after it: no part begins or ends with
// a dash. Of a long one the name holds only the beginning, but the Workflow holds it whole; the API server does not
// count its last dash.
bool is_name_prefix(std::string_view text) {
    auto const plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    char before = '.';
    for (char const c : text) {
        bool const fits = plain(c) || (c == '-' && before != '.') || (c == '.' && plain(before));
        if (!fits) return false;
        before = c;
    }
    return before != '.' && text.size() <= longest_name_prefix + (before == '-' ? 1 : 0);
}

constexpr char label_rule[] = "lower case letters and digits, and dashes between them, at most 63 characters";
constexpr char subdomain_rule[] = "lower case letters and digits, - and . between them, at most 253 characters";

std::string quoted(std::string const& text) {
    return fmt::format("\"{}\"", bounded(text, longest_name_prefix + 1));
}

// Refuses no more than every operator does, whatever its --source-allow.
net::AddressPolicy const& widest_policy() {
    static auto const policy = net::AddressPolicy::parse({"0.0.0.0/0", "::/0"}, "--source-allow");
    ensure(policy.has_value(), "all addresses are a legal block");
    return *policy;
}

Result<void> check_address(std::string const& text) {
    auto const url = net::parse_url(text);
    if (!url) return std::unexpected(url.error());
    return check_host(*url, widest_policy());
}

void check_source(Findings& findings, Source const& source, std::string const& at, bool remedy) {
    switch (source.kind) {
        case Source::Kind::none:
            findings.stops(remedy, at, "SourceMissing", "{} names no Workflow: set inline, url, file or configMap", at);
            break;
        case Source::Kind::inline_text:
            if (is_blank(source.text)) {
                findings.stops(remedy, at + ".inline", "SourceEmpty", "{}.inline holds no Workflow", at);
            }
            break;
        case Source::Kind::url:
            if (auto const good = check_address(source.path); !good) {
                findings.stops(remedy, at + ".url.path", "SourceInvalid",
                               "{}.url.path: {}; write an address such as https://example.com/workflow.yaml", at,
                               good.error().text());
            } else if (!source.verify_cert) {
                findings.warning(at + ".url.verifyCert", "SourceNotVerified",
                                 "{}.url.verifyCert is false: whoever sits on the way can choose what runs here", at);
            }
            break;
        case Source::Kind::file:
            if (source.path.empty()) {
                findings.stops(remedy, at + ".file.path", "SourceMissing", "{}.file.path is empty", at);
            }
            break;
        case Source::Kind::config_map:
            if (source.config_map.empty() || source.key.empty()) {
                findings.stops(remedy, at + ".configMap", "SourceMissing", "{}.configMap needs a name and a key", at);
            } else if (!kube::subdomain_faults(source.config_map).empty()) {
                findings.stops(remedy, at + ".configMap.name", "SourceInvalid",
                               "{}.configMap.name {} is no name of a ConfigMap: write {}", at,
                               quoted(source.config_map), subdomain_rule);
            }
            break;
    }
}

void check_name_prefix(Findings& findings, WorkflowSpec const& workflow, std::string const& at, bool remedy) {
    auto const field = at + ".generateName";
    if (is_name_prefix(workflow.generate_name)) return;
    auto const message =
        workflow.generate_name.empty()
            ? fmt::format("{} is empty, so no Workflow can be named: write something like \"dns-check-\"", field)
            : fmt::format(
                  "{} \"{}\" cannot begin a name: use lower case letters and digits, - and . between them, at "
                  "most {} characters",
                  field, workflow.generate_name.substr(0, longest_name_prefix), longest_name_prefix);
    findings.stops(remedy, field, "GenerateNameInvalid", "{}", message);
}

void check_workflow(Findings& findings, WorkflowSpec const& workflow, std::string const& at, bool remedy) {
    if (!workflow.has_resource) {
        findings.error(at + ".resource", remedy ? "RemedyResourceMissing" : "ResourceMissing",
                       "{}.resource is missing: it names the namespace, the service account and the Workflow", at);
        return;
    }
    check_name_prefix(findings, workflow, at, remedy);
    auto const resource = at + ".resource";
    if (workflow.ns.empty()) {
        findings.stops(remedy, resource + ".namespace", "NamespaceMissing", "{}.namespace is empty", resource);
    } else if (!kube::dns_label_faults(workflow.ns).empty()) {
        findings.stops(remedy, resource + ".namespace", "NamespaceInvalid",
                       "{}.namespace {} is no name of a namespace: write {}", resource, quoted(workflow.ns),
                       label_rule);
    }
    if (workflow.service_account.empty()) {
        findings.error(resource + ".serviceAccount", "ServiceAccountMissing",
                       "{}.serviceAccount is empty: the Workflow's pods need an account to run as", resource);
    } else if (!kube::subdomain_faults(workflow.service_account).empty()) {
        findings.stops(remedy, resource + ".serviceAccount", "ServiceAccountInvalid",
                       "{}.serviceAccount {} is no name of a service account: write {}", resource,
                       quoted(workflow.service_account), subdomain_rule);
    }
    if (workflow.timeout.count() < 0 && remedy) {
        findings.warning(at + ".workflowtimeout", "TimeoutInvalid", "{}.workflowtimeout is negative and is not used",
                         at);
    } else if (workflow.timeout.count() < 0) {
        findings.error(at + ".workflowtimeout", "TimeoutInvalid", "{}.workflowtimeout is negative", at);
    }
    check_source(findings, workflow.source, resource + ".source", remedy);
}

void check_schedule(Findings& findings, Spec const& spec) {
    if (spec.repeat_after.count() < 0) {
        findings.warning("spec.repeatAfterSec", "RepeatInvalid",
                         "spec.repeatAfterSec {} is negative, which counts as not set", spec.repeat_after.count());
    }
    if (spec.cron.empty()) return;
    if (spec.repeat_after.count() > 0) {
        findings.warning("spec.schedule.cron", "CronIgnored",
                         "spec.schedule.cron is not used, since spec.repeatAfterSec is set");
        return;
    }
    auto const cron = parse_cron(spec.cron);
    if (!cron) {
        findings.error("spec.schedule.cron", "ScheduleInvalid", "spec.schedule.cron: {}", cron.error().text());
    } else if (cron->raised_to_a_second()) {
        findings.warning("spec.schedule.cron", "IntervalRaised",
                         "spec.schedule.cron {} is less than a second, so the check runs once a second: write a "
                         "duration such as @every 60s",
                         quoted(spec.cron));
    }
}

void check_level(Findings& findings, Spec const& spec) {
    if (spec.level() != Level::none) return;
    if (spec.level_text.empty()) {
        findings.error("spec.level", "LevelMissing", "spec.level is missing: write cluster or namespace");
    } else {
        findings.error("spec.level", "LevelInvalid", "spec.level \"{}\" is neither cluster nor namespace (lower case)",
                       spec.level_text);
    }
}

void check_backoff(Findings& findings, Spec const& spec) {
    auto const& text = spec.backoff_factor_text;
    if (!text.empty() && !(spec.backoff_factor && *spec.backoff_factor > 0 && *spec.backoff_factor < 1)) {
        findings.warning("spec.backoffFactor", "BackoffInvalid",
                         "spec.backoffFactor \"{}\" is not between 0 and 1; 0.5 is used", text);
    }
    auto const inverted =
        spec.backoff_min.count() > 0 && spec.backoff_max.count() > 0 && spec.backoff_min > spec.backoff_max;
    if (inverted || spec.backoff_min.count() < 0 || spec.backoff_max.count() < 0) {
        findings.warning("spec.backoffMin", "BackoffInvalid",
                         "spec.backoffMin {} and spec.backoffMax {} make no range; the defaults are used",
                         spec.backoff_min.count(), spec.backoff_max.count());
    }
}

void check_remedy(Findings& findings, Spec const& spec) {
    if (spec.remedy.empty()) return;
    check_workflow(findings, spec.remedy, "spec.remedyworkflow", true);
    auto const limit = spec.remedy_runs_limit;
    auto const interval = spec.remedy_reset_interval.count();
    if ((limit == 0) != (interval == 0)) {
        findings.warning(limit == 0 ? "spec.remedyRunsLimit" : "spec.remedyResetInterval", "RemedyNotLimited",
                         "remedies are not limited: it takes both spec.remedyRunsLimit and spec.remedyResetInterval");
    } else if (limit < 0) {
        findings.warning("spec.remedyRunsLimit", "RemedyNeverRuns",
                         "spec.remedyRunsLimit {} is negative: the remedy never runs", limit);
    } else if (interval < 0) {
        findings.warning("spec.remedyResetInterval", "RemedyNotLimited",
                         "spec.remedyResetInterval {} is negative: remedies are not limited", interval);
    }
    if (spec.failure_threshold < 0) {
        findings.warning("spec.failureThreshold", "FailureThresholdInvalid",
                         "spec.failureThreshold {} is negative and has no effect", spec.failure_threshold);
    }
    // A pause that cannot be read must not become no pause.
    if (!spec.cooldown_text.empty() && !spec.cooldown) {
        findings.error("spec.cooldown", "CooldownInvalid", "spec.cooldown: {}",
                       parse_duration(spec.cooldown_text).error().text());
    }
}

}  // namespace

std::vector<Problem> validate(Spec const& spec) {
    Findings findings;
    if (spec.has_workflow) {
        check_workflow(findings, spec.workflow, "spec.workflow", false);
        if (!spec.checks.empty()) {
            findings.warning("spec.checks", "ChecksIgnored", "spec.checks is not used, since spec.workflow is set");
        }
    } else if (spec.checks.empty()) {
        findings.error("spec.workflow", "WorkflowMissing",
                       "spec.workflow and spec.checks are missing: there is nothing to run");
    }
    check_schedule(findings, spec);
    check_level(findings, spec);
    check_backoff(findings, spec);
    check_remedy(findings, spec);
    return std::move(findings).take();
}

std::vector<Problem> validate_metadata(boost::json::object const& object) {
    Findings findings;
    auto const ns = get_string(object, "metadata.namespace");
    auto const name = get_string(object, "metadata.name");
    auto const prefix = get_string(object, "metadata.generateName");
    if (!ns.empty() && !kube::dns_label_faults(ns).empty()) {
        findings.error("metadata.namespace", "NamespaceInvalid",
                       "metadata.namespace {} is no name of a namespace: write {}", quoted(ns), label_rule);
    }
    if (!name.empty() && !kube::subdomain_faults(name).empty()) {
        findings.error("metadata.name", "NameInvalid", "metadata.name {} is no name of a HealthCheck: write {}",
                       quoted(name), subdomain_rule);
    } else if (name.empty() && !prefix.empty() && !is_name_prefix(prefix)) {
        findings.error("metadata.generateName", "NameInvalid",
                       "metadata.generateName {} cannot begin the name of a HealthCheck: write {}", quoted(prefix),
                       subdomain_rule);
    }
    return std::move(findings).take();
}

}  // namespace vedette::op
