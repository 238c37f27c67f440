#pragma once
// Service: one request in, one response out, at once. Every disturbance happens outside of it.

#include "kube/fake/route.hpp"
#include "kube/fake/watches.hpp"
#include "kube/fake/writer.hpp"

namespace vedette::kube::fake {

/// Lifetime: what it refers to outlives it.
class Service {
public:
    Kinds const& kinds;
    Store& store;
    Writer& writer;
    Watches& watches;
    Clock& clock;
    Options const& options;
    std::function<bool(std::string_view, std::string_view, Resource const&, std::string_view)> allow;
    std::vector<std::string> failing_health;

    Response answer(std::string const& user, Request const& request);

private:
    Answer<Response> act(std::string const& user, Call const& call, Request const& request);
    Answer<Response> list_objects(Call const& call, Request const& request);
    std::string list_text(Kind const& kind, Page page);
    Answer<Response> open_watch(Call const& call, Request const& request);
    Answer<Response> write(std::string const& user, Call const& call, Request const& request);
    Answer<Response> remove(Call const& call, Request const& request);
    Answer<Response> remove_collection(Call const& call, Request const& request);
    Answer<Response> review(std::string const& user, Call const& call, Object body);
    Answer<Snapshot> get(Call const& call) const;
    Response object_response(int status, Representation const& how, Call const& call, Snapshot const& object);
};

Response text_response(int status, std::string content_type, std::string text);
Response json_response(int status, boost::json::object const& object);

}  // namespace vedette::kube::fake
