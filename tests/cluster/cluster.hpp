#pragma once
// What a test of the real cluster has at hand: kubectl, a namespace of its own, and the vedette program.

#include <boost/json.hpp>

#include <chrono>
#include <functional>
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

/// `vedette check -o json` with these arguments: the document.
boost::json::object check_json(std::string const& arguments);
/// The entry of one check in the document.
boost::json::object const& entry(boost::json::object const& document, std::string_view name);
/// "ok", "critical", ...
std::string status_of(boost::json::object const& document, std::string_view name);

/// Tries until `condition` holds or `limit` has passed; whether it held.
bool eventually(std::chrono::seconds limit, std::function<bool()> const& condition);

/// A namespace for one test, deleted with it.
class Namespace {
public:
    Namespace();
    ~Namespace();
    Namespace(Namespace const&) = delete;
    Namespace& operator=(Namespace const&) = delete;

    std::string const& name() const { return name_; }
    /// Applies YAML in this namespace.
    void apply(std::string const& yaml) const;

    /// A suite file with the built-in object checks restricted to this namespace and to troubles of 1 s.
    std::string const& suite() const { return suite_; }

private:
    std::string name_;
    std::string suite_;
};

/// The image every test pod runs.
std::string busybox();

}  // namespace vedette::cluster
