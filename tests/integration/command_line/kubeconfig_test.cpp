// Kubeconfigs that cannot be used: exit 2 before any connection, with the file and what to do about it.

#include "base/base64.hpp"
#include "integration/command_line/program.hpp"

#include <filesystem>
#include <unistd.h>

namespace vedette::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// Ten levels of nine copies each.
std::string alias_bomb() {
    std::string text = "a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n";
    for (char name = 'b'; name < 'k'; ++name) {
        text += fmt::format("{0}: &{0} [*{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]\n", name, char(name - 1));
    }
    return text;
}

class CommandLineKubeconfig : public CommandLine {
protected:
    Ran check(std::string const& file) { return vedette({"check", "--kubeconfig", file, "-o", "json"}); }
    Ran check_default(Variables variables = {}) { return vedette({"check", "-o", "json"}, std::move(variables)); }
};

TEST_F(CommandLineKubeconfig, Missing) {
    expect_refused(check("nowhere"), "kubeconfig nowhere: no such file; check --kubeconfig");
    write("file", "x");
    expect_refused(check("file/config"), "kubeconfig file/config: no such file; check --kubeconfig");
    expect_refused(check_default({{"KUBECONFIG", "nowhere:elsewhere"}}),
                   "no kubeconfig: none of nowhere, elsewhere exists, and this is no pod with a service account; name "
                   "a kubeconfig with --kubeconfig or KUBECONFIG");
}

TEST_F(CommandLineKubeconfig, Unreadable) {
    std::filesystem::create_directories(folder_ / "folder");
    expect_refused(check("folder"), "kubeconfig folder: is a directory, not a file; check --kubeconfig");
    expect_refused(check_default({{"KUBECONFIG", "folder"}}),
                   "kubeconfig folder: is a directory, not a file; check KUBECONFIG");
    std::filesystem::create_directories(folder_ / ".kube/config");
    auto const ran = check_default();
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, MatchesRegex(fmt::format("vedette: kubeconfig {}/.kube/config: is a directory, not a file; "
                                                  "name another .*with --kubeconfig or KUBECONFIG\n",
                                                  folder_.string())));
    std::filesystem::create_symlink("circle", folder_ / "circle");
    expect_refused(check("circle"), "kubeconfig circle: its symbolic links form a circle; check --kubeconfig");
    expect_refused(check("/dev/zero"), "kubeconfig /dev/zero: is a device, not a file; check --kubeconfig");
}

TEST_F(CommandLineKubeconfig, ForbiddenToUs) {
    if (::geteuid() == 0) {
        // Root may read everything; nobody may not.
        write("secret/config", "x");
        std::filesystem::permissions(folder_, std::filesystem::perms::all);
        std::filesystem::permissions(folder_ / "secret", std::filesystem::perms::owner_all);
        auto const ran = shell(
            "exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$VEDETTE\" check "
            "--kubeconfig secret/config -o json");
        if (ran.err.find("setpriv") != std::string::npos || ran.err.find("bash:") != std::string::npos) {
            GTEST_SKIP() << "nobody cannot run the program here: " << ran.err;
        }
        expect_refused(ran, "kubeconfig secret/config: permission denied; check --kubeconfig");
        return;
    }
    std::filesystem::permissions(folder_ / write("config", "x"), std::filesystem::perms::none);
    expect_refused(check("config"), "kubeconfig config: permission denied; check --kubeconfig");
}

TEST_F(CommandLineKubeconfig, EmptyOrSomethingElse) {
    auto const nothing = ": holds no context: it is empty or no kubeconfig; name another";
    expect_refused(check(write("empty", "")), fmt::format("kubeconfig empty{}", nothing));
    expect_refused(check(write("blank", "\n# nothing\n---\n")), fmt::format("kubeconfig blank{}", nothing));
    expect_refused(check(write("other", "apiVersion: v1\nkind: Pod\n")),
                   "kubeconfig: other:1:1: is v1 Pod, not a kubeconfig (v1 Config)");
    expect_refused(check(write("words", "please use the other cluster")),
                   "kubeconfig: words: a kubeconfig is a mapping, and this is a string");
}

TEST_F(CommandLineKubeconfig, BinaryOrHuge) {
    expect_refused(check(write("binary", std::string("\x7f"
                                                     "ELF\x02\x01\x01\0\xff\xfe 4f1dc0ffee",
                                                     20))),
                   "kubeconfig: binary:1:5: not text: byte 0x02 is neither UTF-8 nor printable; fix the file or name "
                   "another");
    write("huge", "");
    std::filesystem::resize_file(folder_ / "huge", 50u << 20);
    expect_refused(check("huge"), "kubeconfig huge: larger than 1 MiB; is it a kubeconfig?");
}

TEST_F(CommandLineKubeconfig, Recursive) {
    expect_refused(check(write("self", "clusters: &a [*a]\n")),
                   "kubeconfig: self:1:15: the anchor's value contains itself; fix the file or name another");
    auto const ran = check(write("bomb", alias_bomb()));
    expect_refused(ran, ran.err.substr(9, ran.err.size() - 10));
    EXPECT_THAT(ran.err, HasSubstr("aliases make the document larger than 32 MiB; fix the file or name another"));
    kubeconfig("https://127.0.0.1:1");
    expect_refused(check_default({{"KUBECONFIG", "config:config:folder/../config:self"}}),
                   "kubeconfig: self:1:15: the anchor's value contains itself; fix the file or name another");
}

TEST_F(CommandLineKubeconfig, AContextThatIsNotThere) {
    auto const file = kubeconfig("https://127.0.0.1:1");
    expect_refused(vedette({"check", "--kubeconfig", file, "--context", "shopp"}),
                   "kubeconfig config: no context \"shopp\"; did you mean \"shop\"?");
    expect_refused(vedette({"check", "--kubeconfig", file, "--context", "production"}),
                   "kubeconfig config: no context \"production\"; it has shop");
    expect_refused(check(write("none", "contexts: [{name: shop, context: {cluster: shop}}]\n")),
                   "kubeconfig none: no current-context; choose one with --context (it has shop)");
    expect_refused(check(write("loose",
                               "current-context: shop\n"
                               "contexts: [{name: shop, context: {cluster: market, user: ann}}]\n")),
                   "loose:2:12: context \"shop\" names the cluster \"market\", which no kubeconfig defines");
}

TEST_F(CommandLineKubeconfig, CertificatesAndKeysThatCannotBeUsed) {
    auto const other = identity();
    write("me.crt", identity().certificate_pem);
    write("other.key", other.key_pem);
    auto const server = "https://127.0.0.1:1";
    auto const garbage = base64_encode("not PEM 4f1dc0ffee");
    expect_refused(check(kubeconfig(server, "certificate-authority-data: " + garbage)),
                   "kubeconfig context \"shop\": certificate-authority: the PEM text holds no certificate; get "
                   "the cluster's CA certificate as PEM");
    expect_refused(check(kubeconfig(server, "certificate-authority: gone.crt")),
                   "config:3:12: certificate-authority: ./gone.crt: no such file");
    expect_refused(check(kubeconfig(server, "", "client-certificate: me.crt, client-key-data: " + garbage)),
                   "kubeconfig context \"shop\": client-certificate and client-key: the private key cannot be read; "
                   "get both anew");
    expect_refused(check(kubeconfig(server, "", "client-certificate: me.crt, client-key: other.key")),
                   "kubeconfig context \"shop\": client-certificate and client-key: the private key does not belong "
                   "to the certificate; get both anew");
    expect_refused(check(kubeconfig(server, "", "client-certificate: me.crt, client-key-data: '4f1dc0ffee!'")),
                   "kubeconfig: config:4:73: client-key-data is not base64");
}

TEST_F(CommandLineKubeconfig, SecretsInTheWrongPlaceAreNotRepeated) {
    expect_refused(check(kubeconfig("https://ann:pass-4f1dc0ffee@127.0.0.1:1")),
                   "config:3:12: server holds a user name; credentials belong to the user's username and password");
    expect_refused(check(kubeconfig("https://127.0.0.1:1", "proxy-url: 'http://ann:pass-4f1dc0ffee@proxy:port'")),
                   "config:3:12: proxy-url: not a usable URL: its port is no number from 1 to 65535");
    expect_refused(check(kubeconfig("https://127.0.0.1:1", "", "token: \"token-4f1dc0ffee\\nX-Evil: 1\"")),
                   "credentials: the token holds a line break or another control character");
    expect_refused(check(kubeconfig("https://127.0.0.1:1", "", "token: [token-4f1dc0ffee]")),
                   "kubeconfig: config:4:35: token must be a string, not a sequence");
    expect_refused(check_default({{"KUBECONFIG", kubeconfig("https://api.example")},
                                  {"HTTPS_PROXY", "ftp://ann:pass-4f1dc0ffee@proxy"}}),
                   "HTTPS_PROXY: not a usable URL: it does not begin with http:// or https://");
}

}  // namespace
}  // namespace vedette::cli
