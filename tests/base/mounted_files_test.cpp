#include "base/mounted_files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace vedette {
namespace {

namespace fs = std::filesystem;

class MountedFilesTest : public testing::Test {
protected:
    MountedFilesTest() {
        std::string pattern = (fs::temp_directory_path() / "vedette-mounted-XXXXXX").string();
        top_ = ::mkdtemp(pattern.data());
        fs::create_directories(top_ / "sources/sub");
        write("outside.yaml", "secret");
        write("sources/hello.yaml", "hello");
        write("sources/sub/more.yaml", "more");
        files_ = make_mounted_files((top_ / "sources").string());
    }
    ~MountedFilesTest() override { fs::remove_all(top_); }

    void write(std::string const& name, std::string const& text) { std::ofstream(top_ / name) << text; }
    std::string path(std::string const& name) const { return (top_ / name).string(); }

    /// The text, or the error's code.
    std::string read(std::string const& name, std::size_t limit = 100) {
        auto const got = files_->read(name, limit);
        return got ? *got : std::string(to_string(got.error().code()));
    }

    fs::path top_;
    std::unique_ptr<Files> files_;
};

TEST_F(MountedFilesTest, FilesBelowTheDirectoryAreReadByEitherKindOfPath) {
    EXPECT_EQ(read("hello.yaml"), "hello");
    EXPECT_EQ(read("sub/more.yaml"), "more");
    EXPECT_EQ(read("./sub//more.yaml"), "more");
    EXPECT_EQ(read(path("sources/hello.yaml")), "hello");
    EXPECT_EQ(make_mounted_files(path("sources") + "//")->read(path("sources/sub/more.yaml"), 100),
              Result<std::string>("more"));
}

TEST_F(MountedFilesTest, NoPathClimbsOrBeginsElsewhere) {
    for (std::string const name : {"..", "../outside.yaml", "sub/../hello.yaml", "sub/../../outside.yaml", "sub/.."}) {
        EXPECT_EQ(read(name), "invalid_input") << name;
    }
    EXPECT_EQ(read(path("sources/../outside.yaml")), "invalid_input");
    EXPECT_EQ(read(""), "invalid_input");
    EXPECT_EQ(read(std::string("hello.yaml\0", 11)), "invalid_input");
    for (std::string const name : {"/etc/passwd", "/no/such/file"}) EXPECT_EQ(read(name), "denied") << name;
    EXPECT_EQ(read(path("outside.yaml")), "denied");
    EXPECT_EQ(read(path("sources2/hello.yaml")), "denied");
    EXPECT_EQ(files_->read("/etc/passwd", 100).error().text(), "/etc/passwd: is not below " + path("sources"));
}

TEST_F(MountedFilesTest, LinksThatLeadOutAreRefusedAndLinksThatStayInsideAreFollowed) {
    fs::create_symlink("../outside.yaml", top_ / "sources/out.yaml");
    fs::create_symlink("/etc/passwd", top_ / "sources/passwd");
    fs::create_directory_symlink("..", top_ / "sources/up");
    fs::create_symlink("sub/more.yaml", top_ / "sources/in.yaml");
    fs::create_symlink(path("sources/hello.yaml"), top_ / "sources/absolute.yaml");
    fs::create_symlink("circle", top_ / "sources/circle");
    EXPECT_EQ(read("out.yaml"), "denied");
    EXPECT_EQ(read("passwd"), "denied");
    EXPECT_EQ(read("up/outside.yaml"), "denied");
    EXPECT_EQ(read("in.yaml"), "more");
    EXPECT_EQ(read("absolute.yaml"), "hello");
    EXPECT_EQ(read("circle"), "io");
}

TEST_F(MountedFilesTest, AConfigMapAsTheKubeletMountsItIsRead) {
    fs::create_directory(top_ / "sources/..2026_03_01");
    write("sources/..2026_03_01/check.yaml", "first");
    fs::create_directory_symlink("..2026_03_01", top_ / "sources/..data");
    fs::create_symlink("..data/check.yaml", top_ / "sources/check.yaml");
    EXPECT_EQ(read("check.yaml"), "first");
    auto const before = files_->version("check.yaml");

    fs::create_directory(top_ / "sources/..2026_03_02");
    write("sources/..2026_03_02/check.yaml", "second");
    fs::create_directory_symlink("..2026_03_02", top_ / "sources/..tmp");
    fs::rename(top_ / "sources/..tmp", top_ / "sources/..data");
    EXPECT_EQ(read("check.yaml"), "second");
    EXPECT_NE(files_->version("check.yaml"), before);
}

TEST_F(MountedFilesTest, ADirectoryThatIsALinkItselfIsAFineDirectory) {
    fs::create_directory_symlink("sources", top_ / "link");
    files_ = make_mounted_files(path("link"));
    EXPECT_EQ(read("hello.yaml"), "hello");
    EXPECT_EQ(read(path("link/hello.yaml")), "hello");
    EXPECT_EQ(read(path("sources/hello.yaml")), "denied");
}

TEST_F(MountedFilesTest, OnlyRegularFilesAreRead) {
    ASSERT_EQ(::mkfifo(path("sources/pipe").c_str(), 0600), 0);
    EXPECT_EQ(read("pipe"), "io");
    EXPECT_EQ(read("sub"), "io");
    EXPECT_EQ(read("sub/"), "io");
    EXPECT_EQ(read("."), "denied");
    EXPECT_EQ(read("none.yaml"), "not_found");
    EXPECT_EQ(read("hello.yaml/more"), "not_found");
}

TEST_F(MountedFilesTest, TheLimitIsExact) {
    EXPECT_EQ(read("hello.yaml", 5), "hello");
    EXPECT_EQ(read("hello.yaml", 4), "too_large");
}

TEST_F(MountedFilesTest, ADirectoryThatIsNotThereIsAnErrorOfEachRead) {
    files_ = make_mounted_files(path("none"));
    EXPECT_EQ(read("hello.yaml"), "not_found");
}

}  // namespace
}  // namespace vedette
