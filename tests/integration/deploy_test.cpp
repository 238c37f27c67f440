// What is shipped around the program: the flags that manifests pass to it, and the image that holds it.

#include "integration/command_line/program.hpp"

#include <fstream>
#include <regex>
#include <set>

namespace vedette::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string const tree = std::string(TEST_SOURCE_DIR) + "/../..";

std::string text_of(std::string const& path) {
    std::ifstream stream(path);
    EXPECT_TRUE(stream) << path;
    return {std::istreambuf_iterator<char>(stream), {}};
}

class Deployed : public CommandLine {
protected:
    Ran image(std::string const& arguments) { return shell(fmt::format("{}/tools/image {}", tree, arguments)); }
};

TEST_F(Deployed, EveryFlagThatAManifestPassesExists) {
    auto const help = vedette({"operator", "--help"});
    ASSERT_EQ(help.code, 0) << help.err;
    std::set<std::string> flags;
    std::regex const flag("--[a-z][a-z-]+");
    for (auto const* file : {"charts/vedette-operator/templates/_arguments.tpl", "operator/install.yaml"}) {
        std::istringstream lines(text_of(fmt::format("{}/deploy/{}", tree, file)));
        for (std::string line; std::getline(lines, line);) {
            bool const passes = std::regex_search(line, std::regex(R"(^ *- (--|\{\{ printf "--))"));
            if (!passes && line.find("args:") == std::string::npos) continue;
            for (std::sregex_iterator found(line.begin(), line.end(), flag), end; found != end; ++found) {
                flags.insert(found->str());
            }
        }
    }
    EXPECT_GE(flags.size(), 20u);
    for (auto const& each : flags) {
        EXPECT_TRUE(std::regex_search(help.out, std::regex(each + "[ ,=\n]"))) << each;
    }
}

TEST_F(Deployed, AnImageIsTheSameByteForByteAndHoldsWhatTheLinkerNeeds) {
    for (auto const* name : {"first.tar", "second.tar"}) {
        auto const made = image(fmt::format("--program /bin/sh --name shop/sh:1 --output {}", name));
        ASSERT_EQ(made.code, 0) << made.err;
        EXPECT_THAT(made.out, HasSubstr("shop/sh:1 for linux/"));
    }
    auto const listed = shell(R"sh(
        cmp first.tar second.tar && tar xf first.tar && cat index.json && echo
        for blob in blobs/sha256/*; do
            [ "$(sha256sum <"$blob" | cut -d" " -f1)" = "$(basename "$blob")" ] || echo "$blob is misnamed"
            tar tvzf "$blob" 2>/dev/null || true
        done
        grep -h Entrypoint blobs/sha256/* | tr -d '\0'
    )sh");
    EXPECT_EQ(listed.code, 0) << listed.err;
    EXPECT_THAT(listed.out, HasSubstr(R"("io.containerd.image.name":"docker.io/shop/sh:1")"));
    EXPECT_THAT(listed.out, HasSubstr(R"("Entrypoint":["/vedette"])"));
    EXPECT_THAT(listed.out, HasSubstr(R"("User":"65532:65532")"));
    for (auto const* file : {" vedette\n", "libc.so.6\n", "ld-linux", " etc/ssl/certs/ca-certificates.crt\n",
                             " usr/share/zoneinfo/Europe/Berlin\n", " etc/passwd\n"}) {
        EXPECT_THAT(listed.out, HasSubstr(file));
    }
    EXPECT_THAT(listed.out, Not(HasSubstr("misnamed")));
    EXPECT_THAT(listed.out, Not(HasSubstr("localtime")));
}

TEST_F(Deployed, AnImageThatCannotBeMadeIsRefusedInASentence) {
    struct Row {
        std::string arguments;
        std::string sentence;
    };
    write("text", "no program\n");
    for (auto const& [arguments, sentence] : {
             Row{"--program missing", "cannot read missing: No such file or directory"},
             Row{"--program text", "text is no executable program"},
             Row{"--program /bin/sh --name Shop", "'Shop' is no image name"},
             Row{"--program /bin/sh --output missing/x.tar", "cannot write missing/x.tar: No such file or directory"},
         }) {
        auto const refused = image(arguments);
        EXPECT_EQ(refused.code, 2) << arguments;
        EXPECT_THAT(refused.err, HasSubstr("tools/image: " + sentence));
        EXPECT_EQ(refused.out, "");
    }
}

}  // namespace
}  // namespace vedette::cli
