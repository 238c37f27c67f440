#pragma once
// The parts of a request that say who we are, as pure functions of a Target, and a token that lives in a file.

#include "base/files.hpp"
#include "kube/target.hpp"

#include <string>

namespace vedette::kube {

/// A token that somebody else replaces while we run, as the kubelet does with a pod's. The last good one is kept when
/// the file is gone or empty for a moment. Lifetime: `files` outlives it.
class TokenFile {
public:
    /// `first` serves until the file has been read; may be empty.
    TokenFile(Files& files, std::string path, std::string first = {});

    /// The token of now. Costs one stat unless the file has changed. Errors: denied, invalid_input; only before there
    /// was a first good token.
    Result<std::string> current();

private:
    Files& files_;
    std::string path_;
    std::string token_;
    std::string version_;
};

/// "Bearer ..." Errors: invalid_input for a token that no header can carry; the text does not repeat it.
Result<std::string> bearer(std::string const& token);
/// "Basic ..."
std::string basic(std::string const& username, std::string const& password);

/// The Impersonate-* fields; keys of `extra` are percent-encoded as far as header names demand.
/// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
/// Errors: invalid_input for values with control characters.
Result<net::Headers> impersonation_headers(Impersonation const& as);

}  // namespace vedette::kube
