// Errors are not cached: they pass, and a scrape comes every few seconds only.

#include "operator/scrape_access.hpp"

#include "base/json.hpp"
#include "net/text.hpp"
#include "net/tls_material.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

namespace json = boost::json;

kube::Resource const token_reviews{"authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false};
kube::Resource const access_reviews{"authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false};

// RFC 6750, 2.1. Empty if there is none.
std::string bearer_token(std::string_view authorization) {
    auto const words = net::words_of(authorization);
    if (words.size() != 2 || net::lower(words[0]) != "bearer") return {};
    return std::string(words[1]);
}

json::object token_review(std::string const& token) {
    return {{"apiVersion", token_reviews.api_version()},
            {"kind", token_reviews.kind},
            {"spec", json::object{{"token", token}}}};
}

// `user` as the TokenReview's answer has it.
json::object access_review(json::object const& user) {
    json::object spec{{"nonResourceAttributes", json::object{{"path", "/metrics"}, {"verb", "get"}}},
                      {"user", get_string(user, "username")}};
    for (auto const key : {"uid", "groups", "extra"}) {
        if (auto const* const value = user.if_contains(key)) spec[key] = *value;
    }
    return {{"apiVersion", access_reviews.api_version()}, {"kind", access_reviews.kind}, {"spec", std::move(spec)}};
}

struct CountedReview {
    explicit CountedReview(std::size_t& c) : count(c) { ++count; }
    ~CountedReview() { --count; }
    CountedReview(CountedReview const&) = delete;
    CountedReview& operator=(CountedReview const&) = delete;
    std::size_t& count;
};

}  // namespace

ScrapeAccess::ScrapeAccess(kube::Client client, Clock& clock, std::function<void(std::string)> warn,
                           ScrapeAccessOptions options)
    : client_(client.at(kube::Priority::low)), clock_(clock), warn_(std::move(warn)), options_(options) {}

Async<Verdict> ScrapeAccess::judge(std::string authorization, Deadline deadline) {
    auto token = bearer_token(authorization);
    if (token.empty()) co_return Verdict{401, "send a bearer token"};
    auto key = net::digest(token);
    auto const kept = verdicts_.find(key);
    if (kept != verdicts_.end() && clock_.now() < kept->second.until) co_return kept->second.verdict;
    if (reviews_ >= options_.reviews) co_return Verdict{503, "too many tokens are being reviewed, try again"};
    CountedReview const counted(reviews_);
    auto verdict = co_await review(std::move(token), deadline);
    if (!verdict) {
        warn_(fmt::format("who may read /metrics could not be found out: {}", verdict.error().text()));
        co_return Verdict{500, "the token could not be reviewed"};
    }
    keep(std::move(key), *verdict);
    co_return std::move(*verdict);
}

Task<Verdict> ScrapeAccess::review(std::string token, Deadline deadline) {
    auto asked = token_review(token);
    auto const known = co_await client_.create(token_reviews, "", std::move(asked), deadline);
    if (!known) co_return std::unexpected(known.error());
    auto const* const user = find(*known, "status.user");
    if (!get_bool(*known, "status.authenticated") || !user || !user->is_object()) {
        co_return Verdict{401, "the API server does not know this token"};
    }
    asked = access_review(user->get_object());
    auto const allowed = co_await client_.create(access_reviews, "", std::move(asked), deadline);
    if (!allowed) co_return std::unexpected(allowed.error());
    if (get_bool(*allowed, "status.allowed")) co_return Verdict{};
    co_return Verdict{403, fmt::format("{} may not get the non-resource URL /metrics", get_string(*user, "username"))};
}

void ScrapeAccess::keep(std::string key, Verdict verdict) {
    auto const now = clock_.now();
    auto const until = now + (verdict.status == 200 ? options_.allowed_for : options_.refused_for);
    std::erase_if(verdicts_, [&](auto const& one) { return one.second.until <= now; });
    verdicts_.insert_or_assign(std::move(key), Kept{std::move(verdict), until});
    if (verdicts_.size() <= options_.cached) return;
    verdicts_.erase(std::ranges::min_element(verdicts_, {}, [](auto const& one) { return one.second.until; }));
}

}  // namespace vedette::op
