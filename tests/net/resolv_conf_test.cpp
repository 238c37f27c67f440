#include "net/resolv_conf.hpp"

#include "net/hosts_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::net {
namespace {

using testing::ElementsAre;
using testing::Pointee;

TEST(ResolvConf, EachOptionIsReadWithinItsBounds) {
    struct Row {
        std::string text;
        ResolvConf want;
    };
    for (auto const& row : {
             Row{"", {}},
             Row{"nameserver 10.0.0.10\n", {}},
             Row{"search ns.svc.cluster.local svc.cluster.local. .\noptions ndots:5\n",
                 {.search = {"ns.svc.cluster.local", "svc.cluster.local"}, .ndots = 5}},
             Row{"options timeout:1 attempts:3 rotate\n", {.timeout = 1s, .attempts = 3}},
             Row{"options timeout:1\noptions attempts:3", {.timeout = 1s, .attempts = 3}},
             Row{"options timeout:0 attempts:0 ndots:-1\n", {.ndots = 0, .timeout = 1s, .attempts = 1}},
             Row{"options timeout:999 attempts:999 ndots:999\n", {.ndots = 15, .timeout = 30s, .attempts = 5}},
             Row{"options timeout:x attempts: ndots:5x timeout:99999999999999\n", {}},
             Row{"search a.example\nsearch b.example c.example\n", {.search = {"b.example", "c.example"}}},
             Row{"search a.example\ndomain b.example c.example\n", {.search = {"b.example"}}},
             Row{"# search a.example\n; search b.example\n\tsearch\tc.example # d.example\r\n",
                 {.search = {"c.example"}}},
             Row{"search", {}},
         }) {
        SCOPED_TRACE(row.text);
        EXPECT_EQ(parse_resolv_conf(row.text), row.want);
    }
}

TEST(ResolvConf, NdotsDecidesWhetherTheNameItselfComesFirstOrLast) {
    ResolvConf const conf{.search = {"a.example", "b.example"}, .ndots = 2};
    EXPECT_THAT(names_to_ask("web", conf), ElementsAre("web.a.example", "web.b.example", "web"));
    EXPECT_THAT(names_to_ask("web.shop", conf), ElementsAre("web.shop.a.example", "web.shop.b.example", "web.shop"));
    EXPECT_THAT(names_to_ask("w.e.b", conf), ElementsAre("w.e.b", "w.e.b.a.example", "w.e.b.b.example"));
    EXPECT_THAT(names_to_ask("web.", conf), ElementsAre("web"));
    EXPECT_THAT(names_to_ask("web", {}), ElementsAre("web"));
}

TEST(HostsFile, NamesAndAliasesOfEveryLineAreFoundWhateverTheirCase) {
    HostsFile const hosts(
        "127.0.0.1 localhost\n"
        "::1\tlocalhost ip6-localhost\r\n"
        "  10.0.0.1 db.example DB   # the first\n"
        "10.0.0.2 db\n"
        "10.0.0.1 db\n"
        "#10.0.0.9 ghost\n"
        "nonsense ghost\n"
        "10.0.0.9\n");
    EXPECT_THAT(hosts.find("localhost"), Pointee(ElementsAre("127.0.0.1", "::1")));
    EXPECT_THAT(hosts.find("dB"), Pointee(ElementsAre("10.0.0.1", "10.0.0.2")));
    EXPECT_THAT(hosts.find("db.example."), Pointee(ElementsAre("10.0.0.1")));
    EXPECT_EQ(hosts.find("ghost"), nullptr);
    EXPECT_EQ(hosts.find(""), nullptr);
}

}  // namespace
}  // namespace vedette::net
