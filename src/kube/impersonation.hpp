#pragma once
// Acting as a service account: the API server then judges every request by that account's rights, not by ours.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation

#include "kube/http_api.hpp"
#include "kube/target.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace vedette::kube {

/// Who the account is to the API server: user "system:serviceaccount:NS:NAME", and no groups. The server adds those
/// that service accounts have (system:serviceaccounts, system:serviceaccounts:NS, system:authenticated) by itself when
/// none is named. To name them would take the right to impersonate groups, which cannot be bounded to the groups of
/// service accounts and reaches system:masters; so all we need is `impersonate` on serviceaccounts.
/// Errors: invalid_input (not a namespace, not a service account's name).
Result<Impersonation> as_service_account(std::string_view ns, std::string_view name);

/// Opens the API server as somebody else, who has a user name; every request of the Api that comes back says who that
/// is, whatever its verb, pages and watches included. Errors: as make_http_api.
using OpenApiAs = std::function<Result<std::unique_ptr<Api>>(Impersonation)>;

/// By the credentials of `target`. What `transport` refers to outlives the Apis. Errors of opening, as well:
/// invalid_input where `target` has an impersonation of its own.
OpenApiAs open_http_api_as(Target target, Transport transport);

}  // namespace vedette::kube
