#include "base/redact.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

TEST(Redact, SecretsGoAndWhatIsAroundThemStays) {
    struct Row {
        std::string text;
        std::string want;
    };
    for (auto const& row : {
             Row{"get https://user:pass@host/x: refused", "get https://[redacted]@host/x: refused"},
             Row{"postgres://u:p@ss@db:5432/x?a=b@c", "postgres://[redacted]@db:5432/x?a=b@c"},
             Row{"https://token123@git.example", "https://[redacted]@git.example"},
             Row{"Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"},
             Row{"authorization: basic dXNlcjpw\r\nAccept: x", "authorization: basic [redacted]\r\nAccept: x"},
             Row{"\"Authorization\":\"Bearer abc\",\"x\":1", "\"Authorization\":\"Bearer [redacted]\",\"x\":1"},
             Row{"Authorization: 8f14e45fceea", "Authorization: [redacted]"},
             Row{"sent bearer xxx here", "sent bearer [redacted] here"},
             Row{"password=hunter2&user=bob", "password=[redacted]&user=bob"},
             Row{"db_password: \"two words\", next", "db_password: \"[redacted]\", next"},
             Row{"{\"access_token\":\"abc\",\"n\":1}", "{\"access_token\":\"[redacted]\",\"n\":1}"},
             Row{"{\\\"token\\\": \\\"abc\\\"}", "{\\\"token\\\": \\\"[redacted]\\\"}"},
             Row{"token: abc\ntoken=def", "token: [redacted]\ntoken=[redacted]"},
             Row{"    client-key-data: LS0tLS1CRUdJTg==\n    x: y", "    client-key-data: [redacted]\n    x: y"},
             Row{"AWS_SECRET_ACCESS_KEY=wJalrXUtn region", "AWS_SECRET_ACCESS_KEY=[redacted] region"},
             Row{"secretKey: abc", "secretKey: [redacted]"},
             Row{"passphrase = open", "passphrase = [redacted]"},
             Row{"Cookie: sid=42; theme=dark\r\nHost: x", "Cookie: [redacted]\r\nHost: x"},
             Row{"set-cookie: sid=42; HttpOnly", "set-cookie: [redacted]"},
             Row{"x-api-key: 12345", "x-api-key: [redacted]"},
             Row{"a -----BEGIN RSA PRIVATE KEY-----\nMII\nxyz\n-----END RSA PRIVATE KEY----- b", "a [redacted] b"},
             Row{"-----BEGIN PRIVATE KEY-----\nMII", "[redacted]"},
             Row{"got eyJhbGciOiJI.eyJzdWIiOiIx.SflKxw-_c!", "got [redacted]!"},
             Row{"PASSWORD=\u00e9\u00e9 rest", "PASSWORD=[redacted] rest"},
         }) {
        EXPECT_EQ(redact(row.text), row.want);
        EXPECT_EQ(redact(redact(row.text)), row.want) << "a second time";
    }
}

TEST(Redact, NormalTextComesBackByteForByte) {
    for (std::string text : {
             "",
             "Pod shop/web-1: CrashLoopBackOff since 3m",
             "https://host:443/a@b",
             "see http://x.example:80/?q=a@b",
             "the bearer token expired",
             "Bearer authentication failed",
             "authorization: denied by webhook",
             "automountServiceAccountToken: false",
             "password",
             "password:",
             "token =",
             "tokens: 5",
             "max_tokens=5",
             "token_count=5",
             "secret: shop/tls is missing",
             "cookie: none",
             "the cookie was not sent",
             "mail a@b.c",
             "eyJ",
             "eyJust a word",
             "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
             "-----BEGIN ",
             "://",
             "://@",
             "bearer",
             "bearer ",
             "secret shop/tls not found",
             "forbearers of x",
             "\xff\xfe token",
             "passwd\n: x",
             "token://x",
         }) {
        EXPECT_EQ(redact(text), text);
    }
    std::string const bytes("a\0b\x80", 4);
    EXPECT_EQ(redact(bytes), bytes);
}

TEST(Redact, RepeatedBeginningsStayLinear) {
    // Quadratic work on any of these takes minutes.
    for (std::string_view piece : {"://", "://a:b", "eyJ-", "eyJ.", "bearer ", "token ", "token\\",
                                   "password=", "-----BEGIN ", "authorization: basic ", "authorization: digest ",
                                   "authorization:", "token: \"", "'token'", "-----BEGIN PRIVATE KEY-----"}) {
        std::string text;
        while (text.size() < 4'000'000) text += piece;
        EXPECT_FALSE(redact(text).empty()) << piece;
    }
}

}  // namespace
}  // namespace vedette
