// An identity belongs to the Target and not to the request: an Api that is open as somebody cannot send a request as
// anybody else, so no caller can forget to say whom it acts for.

#include "kube/impersonation.hpp"

#include "base/ensure.hpp"
#include "kube/name_syntax.hpp"

#include <fmt/format.h>

namespace vedette::kube {

Result<Impersonation> as_service_account(std::string_view ns, std::string_view name) {
    if (!dns_label_faults(ns).empty()) return fail(Errc::invalid_input, "\"{}\" is not the name of a namespace", ns);
    if (!subdomain_faults(name).empty()) {
        return fail(Errc::invalid_input, "\"{}\" is not the name of a service account", name);
    }
    return Impersonation{.user = fmt::format("system:serviceaccount:{}:{}", ns, name)};
}

OpenApiAs open_http_api_as(Target target, Transport transport) {
    return [target = std::move(target), transport](Impersonation who) -> Result<std::unique_ptr<Api>> {
        if (!target.impersonation.user.empty()) {
            return fail(Errc::invalid_input,
                        "we act as {} already, and the API server knows one impersonation at a time",
                        target.impersonation.user);
        }
        // Without a user there would be no header, and the request would be our own.
        ensure(!who.user.empty(), "an Api is opened as somebody");
        auto other = target;
        other.impersonation = std::move(who);
        return make_http_api(std::move(other), transport);
    };
}

}  // namespace vedette::kube
