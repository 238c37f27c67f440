#pragma once
// HealthChecks of tests: how they are written, and what the API server has of them and of their Workflows.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace vedette::cluster {

/// What a test cares about; the rest is the plainest that runs.
struct CheckText {
    std::string name;
    std::string schedule = "repeatAfterSec: 3600";  ///< one line of spec
    std::string script = "true";                    ///< a line of shell, run in a pod
    std::string source;                             ///< YAML of workflow.resource.source, on one line, in its place
    std::string level = "namespace";
    std::string more;     ///< further lines of spec, none of them indented
    std::string account;  ///< of the check; empty: its name
    std::string target;   ///< namespace of the Workflow; empty: that of the HealthCheck
    std::string rules;    ///< rbacRules of the check, YAML on one line; empty: the defaults
    std::string remedy;   ///< script; empty: none
    std::string remedy_account = "mender";
    int timeout = 150;  ///< seconds: a busy machine is no failure
};
/// One YAML document, for kubectl in the HealthCheck's namespace `ns`.
std::string health_check(std::string_view ns, CheckText const& text);
/// A script that ends once the check is let go.
inline constexpr auto until_let_go = "until [ -e /tmp/go ]; do sleep 0.2; done";
/// The text of a Workflow that runs one script, in YAML.
std::string workflow_of(std::string_view script);

/// Ends that script in the pod of a Workflow which is Running.
void let_go(std::string const& ns, std::string const& workflow);

/// A Workflow that a HealthCheck has made.
struct WorkflowRun {
    std::string id;  ///< "check-12", "remedy-3-1"
    std::string name;
    std::string phase;
    std::string created;   ///< RFC 3339, by the API server
    std::string finished;  ///< RFC 3339, by Argo; empty: not yet
    boost::json::object object;

    bool of_check() const { return id.starts_with("check-"); }
    bool ended() const { return phase == "Succeeded" || phase == "Failed" || phase == "Error"; }
};

/// Waits until objects of our CustomResourceDefinition, which has just been applied, are served. `kubectl wait` alone
/// fails as long as its status has no conditions.
void wait_for_resource();

/// A HealthCheck in the cluster, by its name.
class Check {
public:
    Check(std::string ns, std::string name) : ns_(std::move(ns)), name_(std::move(name)) {}

    std::string const& ns() const { return ns_; }
    std::string const& name() const { return name_; }

    /// As it is now; empty if it is gone.
    boost::json::object object() const;
    /// The string at a path of it, "status.currentWorkflow.name".
    std::string text(std::string_view path) const;
    /// The number there; 0 if there is none.
    std::int64_t count(std::string_view path) const;
    /// Its Workflows that still exist, oldest first, and among equals by name.
    std::vector<WorkflowRun> runs() const;
    /// Those of runs() that are remedies.
    std::vector<WorkflowRun> remedies() const;
    /// Reasons of the events about it.
    std::vector<std::string> events() const;

    void patch(std::string_view spec_json) const;
    void remove() const;
    /// Ends the script until_let_go of its newest run, as the other let_go() does.
    void let_go() const;

    /// Waits until `holds` says yes of the object, or fails the test as `eventually` does. The object of that moment.
    boost::json::object expect(std::string_view what,
                               std::function<bool(boost::json::object const&)> const& holds) const;
    /// Until so many runs have been booked.
    boost::json::object expect_booked(std::int64_t runs) const;

private:
    std::string ns_;
    std::string name_;
};

/// "Scheduled", the reason of a condition; empty if there is none.
std::string reason_of(boost::json::object const& check, std::string_view condition);
std::string message_of_condition(boost::json::object const& check, std::string_view condition);
/// "True", "False" or empty.
std::string truth_of(boost::json::object const& check, std::string_view condition);

/// Fails the test unless the status of a check whose Workflows are all still there is what they say: each run was made
/// once and booked once with its result, none began before the one before it had ended or timed out, and no remedy ran
/// twice.
void expect_status_equals_the_workflows(Check const& check);

/// A GET of the API server, again and again until it answers: the document, or an empty object if there is none.
boost::json::object get(std::string const& path);
/// Of a GET of a list: its items.
boost::json::array items(std::string const& path);

}  // namespace vedette::cluster
