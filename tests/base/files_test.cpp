#include "base/files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette {
namespace {

class FilesTest : public testing::Test {
protected:
    FilesTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "vedette-files-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~FilesTest() override { std::filesystem::remove_all(folder_); }

    std::string write(std::string const& name, std::string const& text) {
        auto const path = (folder_ / name).string();
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }

    std::filesystem::path folder_;
    std::unique_ptr<Files> files_ = make_system_files();
};

TEST_F(FilesTest, AFileIsReadWholeWithItsNulBytes) {
    std::string const text("a\0b\n", 4);
    EXPECT_EQ(files_->read(write("f", text), 100), Result<std::string>(text));
}

TEST_F(FilesTest, TheLimitIsExact) {
    auto const path = write("f", "12345");
    EXPECT_EQ(files_->read(path, 5), Result<std::string>("12345"));
    auto const got = files_->read(path, 4);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::too_large);
}

TEST_F(FilesTest, AFileWhoseSizeIsUnknownBeforehandIsStillBounded) {
    auto const got = files_->read("/proc/self/maps", 10);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::too_large);
}

TEST_F(FilesTest, WhatIsNoFileIsRefusedWithAWordThatSaysWhatItIs) {
    std::filesystem::create_symlink("circle", folder_ / "circle");
    struct Row {
        std::string path;
        Errc code;
        std::string word;
    };
    for (auto const& row : {
             Row{(folder_ / "missing").string(), Errc::not_found, "no such file"},
             Row{folder_.string(), Errc::io, "is a directory"},
             Row{"/dev/zero", Errc::io, "is a device"},
             Row{(folder_ / "circle").string(), Errc::io, "circle"},
             Row{std::string("a\0b", 3), Errc::not_found, "NUL"},
         }) {
        SCOPED_TRACE(row.path);
        auto const got = files_->read(row.path, 100);
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().code(), row.code);
        EXPECT_NE(got.error().text().find(row.word), std::string::npos) << got.error().text();
    }
}

TEST_F(FilesTest, APipeIsReadToItsEndAndAPipeWithoutWriterIsEmpty) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::write(ends[1], "text", 4), 4);
    ::close(ends[1]);
    EXPECT_EQ(files_->read(fmt::format("/proc/self/fd/{}", ends[0]), 100), Result<std::string>("text"));
    ::close(ends[0]);
}

TEST_F(FilesTest, APipeWhoseWriterNeverFinishesEndsInAnError) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::write(ends[1], "te", 2), 2);
    auto const got = files_->read(fmt::format("/proc/self/fd/{}", ends[0]), 100);
    ASSERT_FALSE(got.has_value());
    EXPECT_NE(got.error().text().find("did not finish"), std::string::npos) << got.error().text();
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_F(FilesTest, AFileWithoutPermissionIsDenied) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    auto const path = write("f", "x");
    ASSERT_EQ(::chmod(path.c_str(), 0), 0);
    auto const got = files_->read(path, 100);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::denied);
}

TEST_F(FilesTest, TheVersionStaysWithTheContentAndChangesWhenALinkIsTurnedAsKubeletDoes) {
    auto const first = write("first", "same length");
    auto const second = write("second", "SAME LENGTH");
    auto const token = folder_ / "token";
    std::filesystem::create_symlink(first, token);
    auto const before = files_->version(token);
    EXPECT_EQ(files_->version(token), before);

    std::filesystem::create_symlink(second, folder_ / "new");
    std::filesystem::rename(folder_ / "new", token);
    EXPECT_NE(files_->version(token), before);

    std::filesystem::remove(token);
    EXPECT_EQ(files_->version(token).error().code(), Errc::not_found);
}

}  // namespace
}  // namespace vedette
