// Suites that cannot be used: exit 2 before any connection, for `check` and `checks validate` alike.

#include "integration/command_line/program.hpp"

#include <filesystem>

namespace vedette::cli {
namespace {

using testing::HasSubstr;

class CommandLineSuite : public CommandLine {
protected:
    void expect(std::string const& file, std::string const& sentence) {
        SCOPED_TRACE(file);
        expect_refused(vedette({"checks", "validate", file}), sentence);
        expect_refused(vedette({"check", "--suite", file, "-o", "json"}), sentence);
    }
};

TEST_F(CommandLineSuite, MissingOrUnreadable) {
    expect("nowhere.yaml", "suite nowhere.yaml: no such file");
    expect(write("file", "x") + "/suite.yaml", "suite file/suite.yaml: no such file");
    std::filesystem::create_directories(folder_ / "folder");
    expect("folder", "suite folder: is a directory, not a file");
    expect("/dev/zero", "suite /dev/zero: is a device, not a file");
}

TEST_F(CommandLineSuite, EmptyBinaryOrHuge) {
    expect(write("empty", ""), "empty: the suite is empty; it needs `checks:`");
    expect(write("words", "check everything\n"), "words:1:1: expected a mapping here, not a string");
    expect(write("binary", std::string("checks:\0", 8)),
           "binary:1:8: not text: byte 0x00 is neither UTF-8 nor printable");
    write("huge", "");
    std::filesystem::resize_file(folder_ / "huge", 50u << 20);
    expect("huge", "suite huge: larger than 1 MiB; is it a suite?");
}

TEST_F(CommandLineSuite, ThatIncludesItself) {
    expect(write("self", "include: [./self]\nchecks: []\n"), "self:1:11: include: self: the suite includes itself");
    write("deep/two", "include: [../one]\n");
    expect(write("one", "include: [deep/two]\n"),
           "one:1:11: include: deep/two:1:11: include: one: the suite includes itself");
    expect(write("anchor", "checks: &a [*a]\n"), "anchor:1:13: the anchor's value contains itself");
}

TEST_F(CommandLineSuite, WhoseFilesIncludeEachOtherAMillionTimes) {
    for (int level = 0; level < 6; ++level) {
        std::string list;
        for (int i = 0; i < 10; ++i) list += fmt::format("level{}, ", level + 1);
        write(fmt::format("level{}", level), fmt::format("include: [{}]\n", list));
    }
    write("level6", "checks: []\n");
    auto const ran = vedette({"checks", "validate", "level0"});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, testing::EndsWith("the suite includes more than 1000 files\n"));
}

TEST_F(CommandLineSuite, WithSlipsNamesTheLineAndTheNearestWord) {
    expect(write("type", "checks:\n- type: nodes-redy\n"),
           "type:2:9: there is no check type \"nodes-redy\"; did you mean \"nodes-ready\"?");
    expect(write("key", "checks:\n- type: nodes-ready\n  timout: 5s\n"),
           "key:3:3: unknown key of a check \"timout\"; did you mean \"timeout\"?");
    expect(write("value", "checks:\n- type: nodes-ready\n  timeout: 5\n"),
           "value:3:12: timeout must be a duration such as 30s, not an integer");
    expect(write("variable", "checks:\n- type: tcp\n  with: {host: \"${NOT_SET}\", port: 1}\n"),
           "variable:3:16: the environment variable NOT_SET is not set; ${NOT_SET:-default} gives a default");
}

TEST_F(CommandLineSuite, SecretsFromTheEnvironmentAreNotRepeated) {
    write("probe", "checks:\n- type: http\n  with: {url: \"http://ann:${PASSWORD}@127.0.0.1:1/?token=${PASSWORD}\"}\n");
    for (auto const* format : {"json", "table", "records", "junit", "prometheus"}) {
        auto const ran = vedette({"check", "--suite", "probe", "-o", format}, {{"PASSWORD", "pass-4f1dc0ffee"}});
        EXPECT_EQ(ran.code, 1) << format << ran.err;
        EXPECT_THAT(ran.out, HasSubstr("http")) << format;
    }
}

}  // namespace
}  // namespace vedette::cli
