#include "net/address_policy.hpp"

#include "base/random.hpp"
#include "net/text.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

AddressPolicy allowing(std::vector<std::string> const& blocks) {
    auto policy = AddressPolicy::parse(blocks, "--source-allow");
    if (!policy) throw std::runtime_error(policy.error().text());
    return std::move(*policy);
}

std::string verdict(AddressPolicy const& policy, std::string_view host) {
    auto const checked = policy.check_host(host);
    return checked ? "dialed" : checked.error().text();
}

bool dialed(AddressPolicy const& policy, std::string_view host) {
    return policy.check_host(host).has_value();
}

std::string error_of(std::string_view block) {
    auto const parsed = Cidr::parse(block);
    return parsed ? "reads as " + parsed->text() : parsed.error().text();
}

TEST(CidrParse, BlocksComeBackInTheirShortestForm) {
    for (auto const& [text, want] : {
             std::pair{"10.0.0.0/8", "10.0.0.0/8"},
             std::pair{"127.0.0.1", "127.0.0.1/32"},
             std::pair{"0.0.0.0/0", "0.0.0.0/0"},
             std::pair{"255.255.255.255/32", "255.255.255.255/32"},
             std::pair{"172.16.0.0/12", "172.16.0.0/12"},
             std::pair{"::/0", "::/0"},
             std::pair{"::1", "::1/128"},
             std::pair{"FD00:0:0::/8", "fd00::/8"},
             std::pair{"fe80::/10", "fe80::/10"},
         }) {
        EXPECT_EQ(error_of(text), fmt::format("reads as {}", want)) << text;
    }
}

TEST(CidrParse, WhatIsNoBlockIsRefusedInASentenceThatSaysWhatToWrite) {
    constexpr auto no_block = "\" is no block of addresses: write one such as 10.0.0.0/8 or fd00::/8";
    for (auto const& [text, want] : {
             std::pair<std::string, std::string>{"", std::string("\"") + no_block},
             {"shop.example/8", std::string("\"shop.example/8") + no_block},
             {"10.0.0/8", std::string("\"10.0.0/8") + no_block},
             {"010.0.0.0/8", std::string("\"010.0.0.0/8") + no_block},
             {"0x0a.0.0.0/8", std::string("\"0x0a.0.0.0/8") + no_block},
             {" 10.0.0.0/8", std::string("\"?10.0.0.0/8") + no_block},
             {"[::1]/128", std::string("\"[::1]/128") + no_block},
             {"fe80::1%eth0/64", std::string("\"fe80::1%eth0/64") + no_block},
             {"10.0.0.0/", "\"10.0.0.0/\" needs a length from 0 to 32 behind its slash"},
             {"10.0.0.0/33", "\"10.0.0.0/33\" needs a length from 0 to 32 behind its slash"},
             {"10.0.0.0/-1", "\"10.0.0.0/-1\" needs a length from 0 to 32 behind its slash"},
             {"10.0.0.0/08", "\"10.0.0.0/08\" needs a length from 0 to 32 behind its slash"},
             {"10.0.0.0/8/8", "\"10.0.0.0/8/8\" needs a length from 0 to 32 behind its slash"},
             {"10.0.0.0/99999999999", "\"10.0.0.0/99999999999\" needs a length from 0 to 32 behind its slash"},
             {"::/129", "\"::/129\" needs a length from 0 to 128 behind its slash"},
             {"10.1.2.3/8",
              "\"10.1.2.3/8\" has bits behind its length: write 10.0.0.0/8, or 10.1.2.3 for the one "
              "address"},
             {"::ffff:127.0.0.0/104",
              "\"::ffff:127.0.0.0/104\" is IPv4 in the clothes of IPv6: write the IPv4 block "
              "itself"},
         }) {
        EXPECT_EQ(error_of(text), want);
    }
}

TEST(CidrContains, TheEdgesOfABlockAreInItAndTheirNeighboursAreNot) {
    struct Row {
        char const* block;
        std::vector<char const*> in;
        std::vector<char const*> out;
    };
    for (auto const& row : {
             Row{"172.16.0.0/12", {"172.16.0.0", "172.31.255.255"}, {"172.15.255.255", "172.32.0.0", "::ac10:0"}},
             Row{"10.0.0.7/32", {"10.0.0.7"}, {"10.0.0.6", "10.0.0.8"}},
             Row{"0.0.0.0/0", {"0.0.0.0", "255.255.255.255"}, {"::"}},
             Row{"fe80::/10", {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, {"fe7f::1", "fec0::"}},
         }) {
        auto const block = Cidr::parse(row.block);
        ASSERT_TRUE(block);
        for (auto const* address : row.in) EXPECT_TRUE(block->contains(*parse_address(address))) << address;
        for (auto const* address : row.out) EXPECT_FALSE(block->contains(*parse_address(address))) << address;
    }
}

TEST(AddressPolicy, PrivateAndPublicAddressesAreDialed) {
    for (auto const* host :
         {"10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "8.8.8.8", "fd00::1", "2001:db8::1",
          "64:ff9b::808:808", "2002:0808:0808::1", "::ffff:10.0.0.1", "shop.example", "shop.health.svc", "7.example",
          "0xfe.example", "x-1", "169.254.example", "metadata.shop.svc"}) {
        EXPECT_EQ(verdict({}, host), "dialed") << host;
    }
}

TEST(AddressPolicy, LinkLocalAndMetadataAddressesAreNeverDialedWhateverIsAllowed) {
    auto const all = allowing({"0.0.0.0/0", "::/0"});
    for (auto const* host : {"169.254.169.254",
                             "169.254.0.0",
                             "169.254.255.255",
                             "fe80::1",
                             "febf::1",
                             "fe80::1%1",
                             "100.100.100.200",
                             "168.63.129.16",
                             "192.0.0.192",
                             "fd00:ec2::254",
                             "fd00:ec2::23",
                             "fd20:ce::254",
                             "fd00:c1::a9fe:a9fe",
                             "fd00:42::42",
                             "::ffff:169.254.169.254",
                             "::ffff:a9fe:a9fe",
                             "0:0:0:0:0:ffff:a9fe:a9fe",
                             "::169.254.169.254",
                             "::ffff:0:169.254.169.254",
                             "64:ff9b::169.254.169.254",
                             "64:ff9b:1:fffe::169.254.169.254",
                             "64:ff9b:1:a9fe:a9:fe00::",
                             "64:ff9b:1:a9:fe:a9fe::",
                             "64:ff9b:1:0:a9:fea9:fe00::",
                             "2002:a9fe:a9fe::1",
                             "2001:0:a9fe:a9fe::1",
                             "2001:0:808:808:0:0:5601:5601",
                             "2001:db8::5efe:169.254.169.254",
                             "2001:db8::200:5efe:a9fe:a9fe",
                             "metadata.google.internal",
                             "METADATA.google.internal.",
                             "metadata",
                             "instance-data"}) {
        EXPECT_FALSE(dialed({}, host)) << host;
        EXPECT_FALSE(dialed(all, host)) << host;
    }
    EXPECT_EQ(verdict(all, "169.254.169.254"), "169.254.169.254 is a link-local address: it is never dialed");
    EXPECT_EQ(verdict(all, "100.100.100.200"), "100.100.100.200 is a metadata service's address: it is never dialed");
    EXPECT_EQ(verdict(all, "64:ff9b::a9fe:a9fe"),
              "64:ff9b::a9fe:a9fe carries 169.254.169.254, a link-local address: it is never dialed");
    EXPECT_EQ(verdict(all, "metadata.google.internal"),
              "metadata.google.internal is the metadata service of Google Cloud: it is never dialed");
}

TEST(AddressPolicy, LoopbackUnspecifiedMulticastAndReservedAddressesNeedTheFlag) {
    struct Row {
        char const* host;
        char const* block;
    };
    for (auto const& row : {
             Row{"127.0.0.1", "127.0.0.0/8"},
             Row{"127.255.255.255", "127.0.0.0/8"},
             Row{"::1", "::1"},
             Row{"0.0.0.0", "0.0.0.0"},
             Row{"0.1.2.3", "0.0.0.0/8"},
             Row{"::", "::"},
             Row{"224.0.0.1", "224.0.0.0/4"},
             Row{"ff02::1", "ff00::/8"},
             Row{"255.255.255.255", "255.255.255.255"},
             Row{"240.0.0.1", "240.0.0.0/4"},
             Row{"::ffff:127.0.0.1", "127.0.0.1"},
             Row{"::127.0.0.1", "127.0.0.1"},
             Row{"::2", "0.0.0.2"},
             Row{"64:ff9b::7f00:1", "127.0.0.0/8"},
             Row{"64:ff9b::7f00:1", "64:ff9b::/96"},
             Row{"2002:7f00:1::", "127.0.0.1"},
             Row{"localhost", "127.0.0.0/8"},
             Row{"LocalHost.", "::1"},
             Row{"shop.localhost", "127.0.0.0/8"},
         }) {
        SCOPED_TRACE(row.host);
        EXPECT_FALSE(dialed({}, row.host));
        EXPECT_FALSE(dialed(allowing({"10.0.0.0/8", "fd00::/8"}), row.host));
        EXPECT_EQ(verdict(allowing({"10.0.0.0/8", row.block}), row.host), "dialed");
    }
    EXPECT_EQ(verdict({}, "127.0.0.1"), "127.0.0.1 is a loopback address: it is not dialed");
    EXPECT_EQ(verdict(allowing({}), "::1"),
              "::1 is a loopback address: it is dialed only when --source-allow names it");
    EXPECT_EQ(verdict(allowing({}), "localhost"),
              "localhost is a loopback address: it is dialed only when --source-allow names it");
}

TEST(AddressPolicy, NumbersThatSomeResolversTakeForAddressesAreRefused) {
    auto const all = allowing({"0.0.0.0/0", "::/0"});
    for (auto const* host : {"2130706433", "0x7f000001", "0X7F.1", "0177.0.0.1", "127.1", "127.0.0.1.", "10.0.0.256",
                             "1.2.3.4.5", "0x", "a.1", "127.0.0.0x1", "00000177.0.0.01"}) {
        auto const checked = all.check_host(host);
        ASSERT_FALSE(checked) << host;
        EXPECT_EQ(checked.error().code(), Errc::invalid_input) << host;
        EXPECT_EQ(checked.error().text(), fmt::format("the host \"{}\" is a number: write an IPv4 address as four "
                                                      "decimal numbers",
                                                      host));
    }
}

TEST(AddressPolicy, AFlagThatAllowsOnlyWhatIsNeverDialedIsRefused) {
    for (auto const& [block, want] : {
             std::pair{"169.254.169.254/32",
                       "--source-allow: 169.254.169.254/32 is a link-local address, which nothing "
                       "can allow"},
             std::pair{"fd00:ec2::254",
                       "--source-allow: fd00:ec2::254/128 is a metadata service's address, which "
                       "nothing can allow"},
             std::pair{"nonsense",
                       "--source-allow: \"nonsense\" is no block of addresses: write one such as 10.0.0.0/8 "
                       "or fd00::/8"},
         }) {
        auto const policy = AddressPolicy::parse({"10.0.0.0/8", block}, "--source-allow");
        ASSERT_FALSE(policy);
        EXPECT_EQ(policy.error().code(), Errc::invalid_input);
        EXPECT_EQ(policy.error().text(), want);
    }
}

// A clothing of an IPv4 address.
std::string wrapped(std::uint32_t four, std::uint64_t how, Random& random) {
    auto const high = four >> 16;
    auto const low = four & 0xffff;
    switch (how) {
        case 0:
            return fmt::format("::ffff:{:x}:{:x}", high, low);
        case 1:
            return fmt::format("::ffff:0:{:x}:{:x}", high, low);
        case 2:
            return fmt::format("64:ff9b::{:x}:{:x}", high, low);
        case 3:
            return fmt::format("2002:{:x}:{:x}:{:x}::{:x}", high, low, random.below(65536), random.below(65536));
        case 4:
            return fmt::format("2001:0:{:x}:{:x}::{:x}", high, low, random.below(65536));
        case 5:
            return fmt::format("2001:0:808:808:0:0:{:x}:{:x}", ~high & 0xffff, ~low & 0xffff);
        case 6:
            return fmt::format("2001:db8:{:x}::{}:5efe:{:x}:{:x}", random.below(65536), random.below(2) ? "0" : "200",
                               high, low);
        default:
            return fmt::format("64:ff9b:1:{:x}::{:x}:{:x}", random.below(65536), high, low);
    }
}

TEST(AddressPolicy, NoClothingMakesAnAddressMoreWelcomeThanItIs) {
    Random random(std::getenv("SEED") ? std::stoull(std::getenv("SEED")) : 1);
    auto const loopback = allowing({"127.0.0.0/8"});
    std::uint32_t const starts[] = {0xa9fe0000, 0x7f000000, 0x00000000, 0xe0000000, 0xf0000000,
                                    0x646464c8, 0xa83f8110, 0xc00000c0, 0x0a000000, 0x08080808};
    int refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto const start = starts[random.below(std::size(starts))];
        auto const four = start + static_cast<std::uint32_t>(random.chance(0.5) ? 0 : random.below(65536));
        auto const plain = boost::asio::ip::address_v4(four).to_string();
        auto const dressed = wrapped(four, random.below(8), random);
        ASSERT_TRUE(parse_address(dressed)) << dressed;
        for (auto const& policy : {AddressPolicy{}, loopback}) {
            if (dialed(policy, plain)) continue;
            ++refused;
            ASSERT_FALSE(dialed(policy, dressed)) << plain << " as " << dressed;
        }
    }
    EXPECT_GT(refused, 10'000);
}

}  // namespace
}  // namespace vedette::net
