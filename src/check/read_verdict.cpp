#include "check/read_verdict.hpp"

#include "base/redact.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

// The error says "list pods: ..."; our sentence already says what we were doing.
std::string cause_of(Error const& error) {
    auto text = redact(error.text());
    if (text.starts_with("list ")) {
        if (auto const colon = text.find(": "); colon != std::string::npos) text.erase(0, colon + 2);
    }
    return text;
}

// The core group cannot be switched off: a server without it is something else.
bool served_by_all(kube::Resource const& resource) {
    return resource.group.empty() && resource.version == "v1";
}

// The server's words as well: it may be us who may not read as somebody else.
Outcome forbidden_to(std::string_view reader, Error const& error, kube::Resource const& resource, std::string_view ns) {
    auto const where = ns.empty() ? std::string(resource.namespaced ? " in the whole cluster" : "")
                                  : fmt::format(" in the namespace {}", ns);
    return Outcome::unknown(fmt::format("no permission: {} needs the verb list on {}{}; the API server says: {}",
                                        reader, resource.qualified(), where, cause_of(error)),
                            "Forbidden");
}

}  // namespace

Outcome outcome_of_failed_read(Error const& error, kube::Resource const& resource, std::string_view ns,
                               std::string_view reader) {
    switch (error.code()) {
        case Errc::denied: {
            if (!reader.empty()) return forbidden_to(reader, error, resource, ns);
            auto message = fmt::format("no permission: this needs the verb list on {}", resource.qualified());
            if (!ns.empty()) {
                message += fmt::format(" in the namespace {}", ns);
            } else if (resource.namespaced) {
                message += " in the whole cluster; with rights in one namespace only, use --namespace";
            }
            return Outcome::unknown(std::move(message), "Forbidden");
        }
        case Errc::unsupported:
            if (served_by_all(resource)) {
                return Outcome::unknown(fmt::format("could not list {}: {}; every Kubernetes API server serves them",
                                                    resource.plural, cause_of(error)),
                                        "NotKubernetes");
            }
            return Outcome::skipped(fmt::format("the cluster does not serve {}", resource.qualified()), "NotServed");
        case Errc::timed_out:
            return Outcome::unknown(fmt::format("could not list {}: {}", resource.plural, cause_of(error)),
                                    "ReadTimedOut");
        default:
            return Outcome::unknown(fmt::format("could not list {}: {}", resource.plural, cause_of(error)),
                                    "ReadFailed");
    }
}

}  // namespace vedette::check
