#pragma once
// The pure half of own-credentials: what a token says about its life.

#include "check/catalogue/certs/expiry.hpp"
#include "check/outcome.hpp"
#include "kube/api.hpp"

#include <string_view>

namespace vedette::check {

/// Claims of a JSON web token. Nothing is verified: that is the API server's business.
struct TokenLife {
    std::string subject;
    std::optional<WallTime> issued;
    std::optional<WallTime> expires;
    /// kubernetes.io.warnafter: projected tokens with an extended life are past their renewal from here on.
    std::optional<WallTime> warn_after;
};

/// Nothing if the token is not a JSON web token.
std::optional<TokenLife> read_token(std::string_view token);

/// `renews_itself`: something replaces the token before it ends (the kubelet, at 80% of its life), so only an expired
/// one is critical, and one whose renewal is past due a warning.
Failure judge_token(TokenLife const& life, bool renews_itself, WallTime now, ExpiryLimits limits);

/// What a plugin issued renews itself: the plugin is asked again once the time that it named has come. Past the end of
/// the token or certificate itself (the named time where neither has one) it is critical; past the named time, when the
/// plugin was asked again and gave us the same, a warning.
Failure judge_issued(kube::IssuedCredentials const& issued, WallTime now);

}  // namespace vedette::check
