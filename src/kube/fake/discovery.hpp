#pragma once
// What the server says about itself: groups, kinds, version, health, and enough OpenAPI for kubectl to start.

#include "kube/fake/kinds.hpp"

namespace vedette::kube::fake {

/// What stands at a path outside the kinds, with its content type.
struct Document {
    int status = 200;
    std::string content_type = "application/json";
    std::string text;
};

/// Nothing if `request` is not about discovery, version or OpenAPI.
std::optional<Document> discover(Kinds const& kinds, Request const& request, std::string const& git_version);

/// /openapi/v2 and v3 with no schemas: only that the server checks fields by itself, which keeps kubectl from trying.
std::optional<Document> openapi(Kinds const& kinds, std::string_view path, std::string const& git_version);

/// /livez, /readyz, /healthz and the single checks below them; `failing` names checks.
std::optional<Document> health(Request const& request, std::vector<std::string> const& failing);

}  // namespace vedette::kube::fake
