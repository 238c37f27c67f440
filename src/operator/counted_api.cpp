// Names of objects and namespaces stay out of the labels: the series are as many as the verbs and kinds we use.

#include "operator/counted_api.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        auto const slash = path.find('/');
        if (slash != 0) segments.push_back(path.substr(0, slash));
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return segments;
}

// Behind "api/v1" or "apis/GROUP/VERSION": [namespaces NS] PLURAL [NAME [SUBRESOURCE]].
struct Place {
    std::string resource;
    bool named = false;
};

Place place_of(std::string_view path) {
    auto rest = segments_of(path);
    auto const take = [&rest] {
        auto const first = rest.front();
        rest.erase(rest.begin());
        return first;
    };
    bool const core = rest.size() >= 3 && rest[0] == "api";
    bool const grouped = rest.size() >= 4 && rest[0] == "apis";
    if (!core && !grouped) return {};
    take();
    auto const group = grouped ? take() : std::string_view();
    take();  // the version
    bool const of_namespace = rest.size() >= 3 && rest[2] != "status" && rest[2] != "finalize";
    if (rest[0] == "namespaces" && of_namespace) rest.erase(rest.begin(), rest.begin() + 2);
    Place place{.resource = std::string(take())};
    if (grouped) place.resource.append(".").append(group);
    place.named = !rest.empty();
    if (rest.size() > 1) place.resource.append("/").append(rest[1]);
    return place;
}

bool is_watch(kube::Request const& request) {
    return std::ranges::any_of(request.query, [](auto const& parameter) {
        return parameter.first == "watch" && (parameter.second == "true" || parameter.second == "1");
    });
}

std::string verb_of(kube::Request const& request, bool named) {
    auto const& method = request.method;
    if (method == "POST") return "create";
    if (method == "PUT") return "update";
    if (method == "PATCH") return "patch";
    if (method == "DELETE") return named ? "delete" : "deletecollection";
    if (is_watch(request)) return "watch";
    return named ? "get" : "list";
}

}  // namespace

ApiCall api_call(kube::Request const& request) {
    auto place = place_of(request.path);
    bool const named = place.named || place.resource.empty();
    return {verb_of(request, named), std::move(place.resource)};
}

CountedApi::CountedApi(kube::Api& inner, metrics::Registry& registry, std::string host, ApiTrace trace)
    : inner_(inner),
      host_(std::move(host)),
      trace_(std::move(trace)),
      requests_(registry.declare<metrics::Counter>({.name = "vedette_operator_api_requests_total",
                                                    .help = "Requests to the API server, by answer.",
                                                    .labels = {"verb", "resource", "code"}})),
      client_requests_(
          registry.declare<metrics::Counter>({.name = "rest_client_requests_total",
                                              .help = "Requests to the API server, by status, method and host.",
                                              .labels = {"code", "method", "host"}})) {}

Task<kube::Response> CountedApi::send(kube::Request request, Deadline deadline) {
    auto const call = api_call(request);
    auto const method = request.method;
    auto const path = trace_.log ? request.path : std::string();
    auto const sent = trace_.log ? trace_.clock->now() : TimePoint();
    auto response = co_await inner_.send(std::move(request), deadline);
    auto const code = response ? std::to_string(response->status) : std::string("error");
    requests_.with({call.verb, call.resource, code}).add();
    client_requests_.with({response ? code : "<error>", method, host_}).add();
    if (trace_.log) {
        std::chrono::duration<double, std::milli> const took = trace_.clock->now() - sent;
        trace_.log(LogLevel::debug, fmt::format("{} {}: {} after {:.1f} ms ({})", call.verb,
                                                call.resource.empty() ? "path" : call.resource,
                                                response ? code : response.error().text(), took.count(), path));
    }
    co_return response;
}

Task<std::optional<kube::IssuedCredentials>> CountedApi::issued_credentials(Deadline deadline) {
    return inner_.issued_credentials(deadline);
}

}  // namespace vedette::op
