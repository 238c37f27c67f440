#pragma once
// The vedette program as its user meets it: a child process with real files, real sockets and real certificates. What
// must hold for every run, whatever goes wrong, is asserted by run() itself: the program ends, is not killed by a
// signal, says no word of a secret and shows no stack trace.

#include "base/process.hpp"
#include "net/http_server.hpp"
#include "net/real_sockets.hpp"
#include "net/tls.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace vedette::cli {

/// Part of every secret in these tests.
inline constexpr std::string_view secret_mark = "4f1dc0ffee";

struct Ran {
    int code = 0;
    std::string out;
    std::string err;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

class CommandLine : public testing::Test {
protected:
    CommandLine();
    ~CommandLine() override;

    /// Writes a file into the folder in which the program runs; returns its name.
    std::string write(std::string const& name, std::string const& text);
    /// A kubeconfig for `server` with more fields of the cluster and of the user, in flow style, such as
    /// "certificate-authority: ca.crt". The user has a secret token unless told otherwise.
    std::string kubeconfig(std::string const& server, std::string const& cluster = "",
                           std::string const& user = "token: token-4f1dc0ffee");

    /// Runs the program with these arguments in the test's folder, which is also HOME. Nothing of our environment is
    /// inherited but the settings of sanitizers.
    Ran vedette(std::vector<std::string> arguments, Variables variables = {});
    /// Runs a shell command line; "$VEDETTE" is the program.
    Ran shell(std::string script, Variables variables = {});

    /// A certificate for 127.0.0.1, signed by the authority in ca.crt, valid from `from` to `until` relative to now.
    net::Identity identity(std::vector<std::string> names = {"127.0.0.1"}, Duration from = -1h, Duration until = 1h);
    std::unique_ptr<net::TlsServer> tls_server(net::Identity const& shown, bool wants_client_certificate = false);

    std::filesystem::path folder_;
    net::RealSockets sockets_;
    net::Identity authority_ = net::make_identity({.common_name = "test authority",
                                                   .not_before = sockets_.clock().wall() - 24h,
                                                   .not_after = sockets_.clock().wall() + 24h,
                                                   .is_authority = true});

private:
    Ran run(Command command, Variables variables);
    std::unique_ptr<Process> process_ = make_system_process(sockets_.executor(), sockets_.clock());
};

/// Wrong before any connection: exit 2, nothing on standard output, exactly this sentence on standard error.
void expect_refused(Ran const& ran, std::string const& sentence);

/// The document of `-o json`: all of standard output, with nothing on standard error.
boost::json::object document_of(Ran const& ran);
/// The entry of one check; an empty object if there is none.
boost::json::object entry(boost::json::object const& document, std::string_view name);
std::string status_of(boost::json::object const& document, std::string_view name);
std::string message_of(boost::json::object const& document, std::string_view name);

/// A run that could not read the cluster: exit 1, apiserver-livez is critical and says `cause`, and every check that
/// lists something is unknown.
void expect_unreachable(Ran const& ran, testing::Matcher<std::string const&> const& cause);

}  // namespace vedette::cli
