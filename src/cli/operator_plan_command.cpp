#include "cli/operator_plan_command.hpp"

#include "base/duration.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/mounted_files.hpp"
#include "cli/exit_code.hpp"
#include "cli/operator_plan_output.hpp"
#include "cli/output.hpp"
#include "cli/runtime.hpp"
#include "operator/workflow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <iterator>
#include <set>

namespace vedette::cli {
namespace {

Result<std::string> read_manifest(std::string const& file, Files& files) {
    if (file != "-") return files.read(file, op::manifest_limit);
    std::string text;
    std::array<char, 64 * 1024> part;
    while (std::cin.read(part.data(), part.size()) || std::cin.gcount() > 0) {
        text.append(part.data(), static_cast<std::size_t>(std::cin.gcount()));
        if (text.size() > op::manifest_limit) {
            return fail(Errc::too_large, "standard input: larger than {} bytes", op::manifest_limit);
        }
    }
    return text;
}

Result<op::Manifests> read_all(std::vector<std::string> const& names, std::optional<ConfigMapPlace> const& policy,
                               std::string const& ns, Files& files) {
    op::Manifests all;
    for (auto const& name : names) {
        auto const text = read_manifest(name, files);
        if (!text) return std::unexpected(text.error());
        auto found = op::read_manifests(*text, name == "-" ? "standard input" : name, ns,
                                        policy ? std::string_view(policy->name) : op::remedy_policy_name);
        if (!found) return pass(found);
        std::move(found->checks.begin(), found->checks.end(), std::back_inserter(all.checks));
        std::move(found->policies.begin(), found->policies.end(), std::back_inserter(all.policies));
        std::move(found->unread.begin(), found->unread.end(), std::back_inserter(all.unread));
        std::move(found->other_kinds.begin(), found->other_kinds.end(), std::back_inserter(all.other_kinds));
    }
    return all;
}

op::Problem overriding(op::ManifestPolicy const& policy, std::string const& other) {
    return {op::Problem::Severity::error, "metadata.name", "DuplicateName",
            fmt::format("{}/{} is also in {}: only the last would be applied", policy.ns, policy.name, other)};
}

// Of several with the same name the last counts, as with HealthChecks.
Result<std::optional<op::ManifestPolicy>> policy_in(std::vector<op::ManifestPolicy> found,
                                                    std::optional<ConfigMapPlace> const& place) {
    std::optional<op::ManifestPolicy> policy;
    for (auto& each : found) {
        if (place && each.ns != place->ns) continue;
        if (!place && policy && policy->ns != each.ns) {
            return fail(Errc::invalid_input,
                        "there is a remedy policy in {} and in {}: say with --policy-configmap which one counts",
                        policy->ns, each.ns);
        }
        if (policy) each.problems.push_back(overriding(each, policy->where));
        policy = std::move(each);
    }
    if (place && !policy) {
        return fail(Errc::invalid_input, "--policy-configmap: no file holds the ConfigMap {}/{}", place->ns,
                    place->name);
    }
    return policy;
}

Result<std::optional<std::chrono::seconds>> workflow_ttl(OperatorPlanFlags const& flags) {
    if (flags.workflow_ttl.empty()) return std::nullopt;
    auto const ttl = parse_duration(flags.workflow_ttl);
    if (!ttl) return fail(Errc::invalid_input, "--workflow-ttl: {}", ttl.error().text());
    return std::chrono::ceil<std::chrono::seconds>(*ttl);
}

// What has been read once is gone.
bool wants_stdin_twice(OperatorPlanFlags const& flags) {
    return std::count(flags.files.begin(), flags.files.end(), "-") +
               std::count(flags.old_files.begin(), flags.old_files.end(), "-") >
           1;
}

// Nothing to plan; what somebody may have taken for a HealthCheck is named first.
Error nothing_read(op::Manifests const& before, op::Manifests const& after) {
    std::set<std::string> kinds(before.other_kinds.begin(), before.other_kinds.end());
    kinds.insert(after.other_kinds.begin(), after.other_kinds.end());
    return Error(Errc::invalid_input,
                 fmt::format("there is no HealthCheck in these files, but {}",
                             kinds.empty() ? "nothing at all" : op::some_of({kinds.begin(), kinds.end()})));
}

int refuse(Error const& error) {
    complain(error.text());
    return exit_usage;
}

}  // namespace

int plan_health_checks(OperatorPlanFlags const& flags) {
    if (wants_stdin_twice(flags)) {
        return refuse(Error(Errc::invalid_input, "standard input can be read once only: write - for one file"));
    }
    auto const files = make_system_files();
    auto policy = rbac_policy(flags.rights, *files);
    if (!policy) return refuse(policy.error());
    auto const ttl = workflow_ttl(flags);
    if (!ttl) return refuse(ttl.error());
    auto const time_zone = TimeZone::named(flags.time_zone);
    if (!time_zone) return refuse(Error(Errc::invalid_input, "--time-zone: " + time_zone.error().text()));
    auto const place = policy_place(flags.remedies);
    if (!place) return refuse(place.error());
    auto before = read_all(flags.old_files, *place, flags.ns, *files);
    if (!before) return refuse(before.error());
    auto after = read_all(flags.files, *place, flags.ns, *files);
    if (!after) return refuse(after.error());
    auto unread = std::move(before->unread);
    std::move(after->unread.begin(), after->unread.end(), std::back_inserter(unread));
    if (before->checks.empty() && after->checks.empty()) {
        for (auto const& each : unread) complain(fmt::format("{}: {}", each.where, each.message));
        return refuse(nothing_read(*before, *after));
    }
    auto remedy_policy = policy_in(std::move(after->policies), *place);
    if (!remedy_policy) return refuse(remedy_policy.error());
    op::PlanOptions options{.policy = std::move(*policy),
                            .read_file = {},
                            .remedy_policy = std::move(*remedy_policy),
                            .remedy_dry_run = flags.remedies.dry_run,
                            .workflow_ttl = *ttl,
                            .time_zone = *time_zone,
                            .unread = std::move(unread)};
    auto const mounted = flags.source_dir.empty() ? nullptr : make_mounted_files(flags.source_dir);
    if (mounted) options.read_file = [&](std::string const& path) { return mounted->read(path, op::source_limit); };
    Runtime runtime;
    auto const plan =
        op::make_plan(std::move(before->checks), std::move(after->checks), runtime.clock().wall(), options);
    auto const written = write_stdout(flags.format == PlanFormat::json ? to_pretty_json(plan_document(plan)) + "\n"
                                                                       : plan_text(plan, terminal_width()));
    if (!written) complain(written.error().text());
    return !written || plan.errors > 0 ? exit_unhealthy : exit_healthy;
}

}  // namespace vedette::cli
