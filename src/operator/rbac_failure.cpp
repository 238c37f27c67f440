// Kubernetes names the rules that we may not grant in a text of many lines; people need the rights and what to do.

#include "operator/rbac_failure.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

// The NamespaceLifecycle admission refuses with a 403 that has nothing to do with rights, and these words.
bool namespace_is_going(RbacAction const& action, Error const& error) {
    return action.kind == RbacAction::Kind::create && !action.key.ns.empty() && error.code() == Errc::denied &&
           error.text().contains("because it is being terminated");
}

}  // namespace

RbacFailure explain(RbacAction const& action, Error error) {
    auto const what = fmt::format("{} {}", to_string(action.kind), to_string(action.key));
    auto const code = error.code();
    if (namespace_is_going(action, error)) {
        return {"RBACTerminating",
                Error(Errc::conflict, fmt::format("{}: namespace {} is being terminated and takes nothing new; wait "
                                                  "until it is gone and create it anew, or correct resource.namespace",
                                                  what, action.key.ns))};
    }
    if (code == Errc::denied) {
        auto const rights = rights_not_held(error.text());
        if (rights.empty()) return {"RBACForbidden", std::move(error)};
        return {"RBACNotGranted",
                Error(code, fmt::format("{}: the operator may not grant what it does not hold itself: {}; give its own "
                                        "role these rights or ask for less in rbacRules",
                                        what, some_of(rights)))};
    }
    if (code == Errc::not_found && action.kind == RbacAction::Kind::create && !action.key.ns.empty()) {
        return {"RBACNamespaceMissing",
                Error(code, fmt::format("{}: namespace {} does not exist; create it or correct resource.namespace",
                                        what, action.key.ns))};
    }
    if (code == Errc::rejected) return {"RBACInvalid", std::move(error)};
    return {"RBACFailed", std::move(error)};
}

RbacFailure explain(Error error) {
    auto const* const reason = error.code() == Errc::denied ? "RBACForbidden" : "RBACFailed";
    return {reason, std::move(error)};
}

bool concerns_the_request(Errc code) {
    switch (code) {
        case Errc::denied:
        case Errc::not_found:
        case Errc::rejected:
        case Errc::invalid_input:
        case Errc::too_large:
        case Errc::conflict:
            return true;
        default:
            return false;
    }
}

}  // namespace vedette::op
