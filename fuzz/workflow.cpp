// The Workflow of a run: any HealthCheck and any text give an object whose metadata is ours, or a sentence.
//
// The input is the HealthCheck in JSON, a line "----", then the source text.

#include "operator/workflow.hpp"

#include "base/json.hpp"
#include "operator/schedule.hpp"
#include "target.hpp"

namespace vedette::fuzz {
namespace {

constexpr std::string_view line = "\n----\n";
constexpr WallTime now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

void check_workflow(op::HealthCheck const& check, op::RunId const& run, boost::json::object const& workflow) {
    auto const& spec = run.purpose == op::Purpose::check ? check.spec.workflow : check.spec.remedy;
    ensure(get_string(workflow, "kind") == "Workflow", "it is a Workflow");
    ensure(workflow.at("spec").is_object(), "with a spec");
    auto const& metadata = workflow.at("metadata").as_object();
    ensure(metadata.size() <= 6, "of the text's metadata the labels alone count");
    ensure(get_string(metadata, "name").size() <= 62, "Argo makes names of pods from it");
    ensure(get_string(metadata, "namespace") == spec.ns, "where the spec says");
    auto const& labels = metadata.at("labels").as_object();
    ensure(labels.at(op::uid_label) == boost::json::value(std::string_view(check.uid)), "the label is ours");
    ensure(labels.contains(op::instance_label), "without it Argo looks away");
    for (auto const& [key, value] : labels) ensure(value.is_string(), "labels are texts");
    auto const& annotations = metadata.at("annotations").as_object();
    ensure(op::parse_run_id(std::string_view(annotations.at(op::run_annotation).as_string())) == run,
           "it names the run");
    ensure(metadata.contains("ownerReferences") == (spec.ns == check.ns), "no owner in another namespace");
}

}  // namespace

void fuzz(std::string_view input) {
    auto const end = std::min(input.find(line), input.size());
    auto const text = input.substr(std::min(end + line.size(), input.size()));
    auto const parsed = parse_json(input.substr(0, end), "input");
    if (!observe(parsed) || !parsed->is_object()) return;
    std::vector<op::Problem> problems;
    auto check = op::read_health_check(parsed->get_object(), &problems);
    for (auto const& problem : op::validate(check.spec)) problems.push_back(problem);
    for (auto const& problem : problems) {
        observe(problem.reason);
        ensure(!problem.reason.empty() && problem.reason.find(' ') == std::string::npos, "a reason is a word");
        ensure(!problem.field.empty() && !problem.message.empty(), "a problem has a place and a sentence");
    }
    observe(op::effective_timeout(check.spec, now));
    observe(op::next_run(check.spec, check.status, now));
    observe("looks", op::poll_plan(check.spec, std::chrono::seconds(60)).looks.size());
    for (auto const& run : {op::RunId{op::Purpose::check, 7, 0}, op::RunId{op::Purpose::remedy, 2, 1}}) {
        auto const workflow = op::build_workflow(check, run, text, std::chrono::seconds(60), 1);
        if (observe(workflow)) check_workflow(check, run, *workflow);
    }
}

}  // namespace vedette::fuzz
