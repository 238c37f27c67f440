#include "net/redirect.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

TEST(ResolveLocation, ReferencesResolveAsRfc3986HasThem) {
    auto const base = parse_url("http://joe:pw@a.example:8080/b/c/d?q");
    ASSERT_TRUE(base.has_value());
    for (auto const& [location, want] : {
             // RFC 3986, 5.4, with our base
             std::pair{"http://g", "http://g"},
             std::pair{"g:h", "g:h"},
             std::pair{"g", "http://a.example:8080/b/c/g"},
             std::pair{"./g", "http://a.example:8080/b/c/g"},
             std::pair{"g/", "http://a.example:8080/b/c/g/"},
             std::pair{"/g", "http://a.example:8080/g"},
             std::pair{"//g", "http://g"},
             std::pair{"?y", "http://a.example:8080/b/c/d?y"},
             std::pair{"g?y", "http://a.example:8080/b/c/g?y"},
             std::pair{"#s", "http://a.example:8080/b/c/d?q"},
             std::pair{"g?y/../x#s", "http://a.example:8080/b/c/g?y/../x"},
             std::pair{"", "http://a.example:8080/b/c/d?q"},
             std::pair{".", "http://a.example:8080/b/c/"},
             std::pair{"..", "http://a.example:8080/b/"},
             std::pair{"../g", "http://a.example:8080/b/g"},
             std::pair{"../../../g", "http://a.example:8080/g"},
             std::pair{"/./g", "http://a.example:8080/g"},
             std::pair{"g..", "http://a.example:8080/b/c/g.."},
             std::pair{"g/../h", "http://a.example:8080/b/c/h"},
             std::pair{"a:b", "a:b"},
             std::pair{"./a:b", "http://a.example:8080/b/c/a:b"},
             std::pair{"1:b", "http://a.example:8080/b/c/1:b"},
         }) {
        EXPECT_EQ(resolve_location(*base, location), want) << location;
    }
}

TEST(ResolveLocation, AnIpv6HostKeepsItsBrackets) {
    auto const base = parse_url("https://[fd00::1]:8443/");
    ASSERT_TRUE(base.has_value());
    EXPECT_EQ(resolve_location(*base, "/x"), "https://[fd00::1]:8443/x");
}

TEST(SecretHeaders, AreKnownByTheirWordsAndOthersGoAlong) {
    for (auto const* name : {"Authorization", "authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "apikey",
                             "X-Auth-Token", "X-Vault-Token", "X-Session-Id", "Client-Secret"}) {
        EXPECT_TRUE(is_secret_header(name)) << name;
    }
    for (auto const* name : {"Accept", "User-Agent", "Content-Type", "X-Request-Id", "Host"}) {
        EXPECT_FALSE(is_secret_header(name)) << name;
    }
}

}  // namespace
}  // namespace vedette::net
