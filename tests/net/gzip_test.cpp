#include "net/gzip.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

// Feeds `packed` in steps of `step` bytes.
Result<std::string> unpack(std::string const& packed, std::size_t step, bool* complete = nullptr) {
    GzipReader reader;
    std::string text;
    for (std::size_t at = 0; at < packed.size(); at += step) {
        reader.feed(std::string_view(packed).substr(at, step));
        while (true) {
            auto piece = reader.next();
            if (!piece) return piece;
            EXPECT_LE(piece->size(), GzipReader::piece_limit);
            if (piece->empty()) break;
            text += *piece;
        }
    }
    if (complete) *complete = reader.complete();
    return text;
}

TEST(Gzip, TextsSurviveTheRoundTripHoweverTheyAreCut) {
    Random random(7);
    for (std::size_t size : {0u, 1u, 1000u, 262'144u, 262'145u, 1'000'000u}) {
        auto const noise = random.suffix(size / 2);
        auto const text = noise + std::string(size - noise.size(), 'a');
        auto const packed = gzip(text);
        for (std::size_t step : {std::size_t{1}, std::size_t{333}, packed.size()}) {
            bool complete = false;
            EXPECT_EQ(unpack(packed, step, &complete), Result<std::string>(text)) << size << " by " << step;
            EXPECT_TRUE(complete);
        }
    }
}

TEST(Gzip, MembersMayFollowOneAnother) {
    for (std::size_t step : {1u, 7u, 1000u}) {
        EXPECT_EQ(unpack(gzip("one, ") + gzip("") + gzip("two"), step), Result<std::string>("one, two"));
    }
}

TEST(Gzip, ACutStreamIsNotComplete) {
    auto const packed = gzip("some text that is cut somewhere");
    for (std::size_t size = 1; size < packed.size(); ++size) {
        bool complete = true;
        auto const got = unpack(packed.substr(0, size), size, &complete);
        EXPECT_TRUE(got);
        EXPECT_FALSE(complete) << size;
    }
    bool complete = false;
    EXPECT_EQ(unpack("", 1, &complete), Result<std::string>(""));
    EXPECT_TRUE(complete);
}

TEST(Gzip, DamageIsMalformed) {
    auto const packed = gzip(std::string(1000, 'a') + "some text");
    EXPECT_EQ(unpack("plain text", 10).error().code(), Errc::malformed);
    auto wrong_sum = packed;
    wrong_sum[wrong_sum.size() - 6] ^= 1;
    EXPECT_EQ(unpack(wrong_sum, 10).error().code(), Errc::malformed);
    EXPECT_EQ(unpack(packed + "rubbish", 1000).error().code(), Errc::malformed);
}

}  // namespace
}  // namespace vedette::net
