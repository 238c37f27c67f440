#include "base/background_writer.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace vedette {
namespace {

class BackgroundWriterTest : public testing::Test {
protected:
    BackgroundWriterTest() { EXPECT_EQ(::pipe(ends_), 0); }
    ~BackgroundWriterTest() override {
        close_reader();
        ::close(ends_[1]);
    }
    void close_reader() {
        if (ends_[0] >= 0) ::close(ends_[0]);
        ends_[0] = -1;
    }
    std::string read(std::size_t size) {
        std::string text(size, '\0');
        std::size_t have = 0;
        while (have < size) {
            auto const got = ::read(ends_[0], text.data() + have, size - have);
            if (got <= 0) break;
            have += static_cast<std::size_t>(got);
        }
        text.resize(have);
        return text;
    }
    int ends_[2] = {-1, -1};
};

// A pipe holds 64 KiB: were the text written by the caller, the test would stand still.
TEST_F(BackgroundWriterTest, AReaderThatStallsHoldsUpNobodyAndGetsEverythingInOrder) {
    BackgroundWriter writer(ends_[1]);
    std::string wanted;
    for (int i = 0; i < 1000; ++i) {
        auto const text = std::string(1024, static_cast<char>('a' + i % 26));
        writer.write(text);
        wanted += text;
    }
    EXPECT_EQ(read(wanted.size()), wanted);
    EXPECT_TRUE(writer.finish());
}

TEST_F(BackgroundWriterTest, ANonBlockingDescriptorLosesNothing) {
    ASSERT_EQ(::fcntl(ends_[1], F_SETFL, O_NONBLOCK), 0);
    BackgroundWriter writer(ends_[1]);
    std::string const text(1 << 20, 'x');
    writer.write(text);
    EXPECT_EQ(read(text.size()), text);
    EXPECT_TRUE(writer.finish());
}

TEST_F(BackgroundWriterTest, AReaderThatHasGoneIsAnError) {
    ::signal(SIGPIPE, SIG_IGN);
    close_reader();
    BackgroundWriter writer(ends_[1]);
    writer.write("text");
    auto const finished = writer.finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error(), Error(Errc::io, "its reader has gone away"));
}

TEST_F(BackgroundWriterTest, WhatWaitsIsBounded) {
    BackgroundWriter writer(ends_[1]);
    writer.write(std::string(65u << 20, 'x'));
    auto const finished = writer.finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code(), Errc::too_large);
}

TEST_F(BackgroundWriterTest, AFullDiskSaysSo) {
    auto const full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(full, 0);
    EXPECT_EQ(write_all(full, "text").error(), Error(Errc::io, "No space left on device"));
    ::close(full);
}

}  // namespace
}  // namespace vedette
