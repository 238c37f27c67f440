#pragma once
// What a test of the real cluster has at hand: kubectl, a namespace of its own, suites, and the vedette program.

#include <boost/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace vedette::cluster {

struct Output {
    int code = 0;
    std::string text;  ///< standard output
};

/// Runs a shell command line; standard error goes to ours.
Output run(std::string const& command);
/// kubectl with these arguments; `input` is fed to it. Fails the test when kubectl fails.
std::string kubectl(std::string const& arguments, std::string const& input = "");
/// The same for who asks again: nothing where kubectl fails.
std::optional<std::string> try_kubectl(std::string const& arguments);

/// `vedette check -o json` with these arguments: the document.
boost::json::object check_json(std::string const& arguments);
/// The entry of one check in the document.
boost::json::object const& entry(boost::json::object const& document, std::string_view name);
/// "ok", "critical", ...
std::string status_of(boost::json::object const& document, std::string_view name);

/// Tries until `condition` holds; whether it held before three minutes had passed. That bounds a hang and measures
/// nothing: a machine that still reads its programs from a slow disk takes half a minute for what else takes one
/// second.
bool eventually(std::function<bool()> const& condition);

/// A variable of the environment that with-cluster or ctest sets.
std::string variable(char const* name);

/// A file in the run folder, removed with this.
class File {
public:
    explicit File(std::string const& content);
    ~File();
    File(File const&) = delete;
    File& operator=(File const&) = delete;

    std::string const& path() const { return path_; }

private:
    std::string path_;
};

/// Check type -> what its line in a suite says beside `type`, in YAML: {"pods-oom", "with: {window: 5s}"}.
using Tuning = std::map<std::string, std::string>;

/// YAML of a suite with every check of the built-in one. What is wrong for a second counts, so that a test need not
/// wait; those of namespaced objects look at `ns` alone.
std::string suite_for(std::string const& ns, Tuning const& tuning = {});

/// Makes a namespace in which pods may be made: they need the account that a controller makes a moment later.
void create_namespace(std::string const& name);

/// A namespace for one test, deleted with it.
class Namespace {
public:
    explicit Namespace(Tuning const& tuning = {});
    ~Namespace();
    Namespace(Namespace const&) = delete;
    Namespace& operator=(Namespace const&) = delete;

    std::string const& name() const { return name_; }
    /// Applies YAML in this namespace.
    void apply(std::string const& yaml) const;
    /// kubectl in this namespace.
    std::string kubectl(std::string const& arguments) const;

    /// The file of suite_for(name).
    std::string const& suite() const { return suite_.path(); }

private:
    std::string name_;
    File suite_;
};

/// The image every test pod runs.
std::string busybox();

}  // namespace vedette::cluster
