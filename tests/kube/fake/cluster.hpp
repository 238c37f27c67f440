#pragma once
// A world with one in-memory API server in it, and short words for talking to its door.

#include "kube/fake/api_server.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::kube::fake {

inline Resource const pods{"", "v1", "pods", "Pod", true};
inline Resource const config_maps{"", "v1", "configmaps", "ConfigMap", true};
inline Resource const namespaces{"", "v1", "namespaces", "Namespace", false};
inline Resource const nodes{"", "v1", "nodes", "Node", false};
inline Resource const deployments{"apps", "v1", "deployments", "Deployment", true};

inline Object json_object(std::string_view text) {
    return boost::json::parse(text).as_object();
}

inline Object config_map(std::string_view name, std::string_view value = "1") {
    return json_object(fmt::format(R"({{"metadata":{{"name":"{}"}},"data":{{"k":"{}"}}}})", name, value));
}

struct Reply {
    int status = 0;
    std::string text;
    Object body;

    /// The text at a dotted path; a number as JSON spells it.
    std::string at(std::string_view path) const {
        boost::json::value const* value = nullptr;
        auto const* here = &body;
        for (auto rest = path; here;) {
            auto const dot = rest.find('.');
            value = here->if_contains(rest.substr(0, dot));
            if (!value || dot == std::string_view::npos) break;
            here = value->if_object();
            if (!here) value = nullptr;
            rest.remove_prefix(dot + 1);
        }
        if (!value) return "";
        return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
    }
};

struct Cluster {
    explicit Cluster(Options options = {})
        : server(world.executor(), world.clock(), world.random(), std::move(options)) {}

    Reply send(Request request) { return send_as(server, std::move(request)); }

    Reply send_as(Api& api, Request request) {
        auto reply = world.run(exchange(api, std::move(request), world.clock().now() + 60s));
        EXPECT_TRUE(reply.has_value()) << reply.error().text();
        return reply.value_or(Reply{});
    }

    Result<Reply> try_send(Request request, Duration patience = 60s) {
        return world.run(exchange(server, std::move(request), world.clock().now() + patience));
    }

    Reply create(Resource const& resource, std::string_view ns, Object const& object) {
        return send(create_request(resource, ns, object));
    }
    Reply get(Resource const& resource, std::string_view ns, std::string_view name) {
        return send(get_request(resource, ns, name));
    }
    Reply merge(Resource const& resource, std::string_view ns, std::string_view name, std::string_view patch,
                std::string subresource = "") {
        return send(patch_request(resource, ns, name, Patch::merge, boost::json::parse(patch),
                                  {.subresource = std::move(subresource)}));
    }

    std::unique_ptr<net::Body> watch(Resource const& resource, std::string_view ns, WatchOptions const& options) {
        auto response = world.run(server.send(watch_request(resource, ns, options), no_deadline));
        EXPECT_TRUE(response.has_value() && response->status == 200);
        return std::move(response->body);
    }

    /// Everything that comes within `patience`: "ADDED a", "MODIFIED a", "ERROR 410", "END".
    std::vector<std::string> hear(net::Body& body, Duration patience = 1s) {
        std::vector<std::string> heard;
        auto const deadline = world.clock().now() + patience;
        while (true) {
            auto piece = world.run(body.read(deadline));
            if (!piece) {
                if (piece.error().code() != Errc::timed_out) heard.push_back(piece.error().text());
                return heard;
            }
            if (piece->empty()) {
                heard.emplace_back("END");
                return heard;
            }
            for (std::size_t at = 0; at < piece->size();) {
                auto const end = piece->find('\n', at);
                heard.push_back(said(json_object(piece->substr(at, end - at))));
                at = end + 1;
            }
        }
    }

    static std::string said(Object const& event) {
        Reply const line{200, "", event};
        auto const type = line.at("type");
        return type + " " + (type == "ERROR" ? line.at("object.code") : line.at("object.metadata.name"));
    }

    static Task<Reply> exchange(Api& api, Request request, Deadline deadline) {
        auto response = co_await api.send(std::move(request), deadline);
        if (!response) co_return pass(response);
        auto text = co_await net::read_all(std::move(response->body), 64u << 20, deadline);
        if (!text) co_return pass(text);
        Reply reply{response->status, std::move(*text), {}};
        boost::system::error_code error;
        auto parsed = boost::json::parse(reply.text, error);
        if (!error && parsed.is_object()) reply.body = std::move(parsed.get_object());
        co_return reply;
    }

    world::World world;
    ApiServer server;
};

inline std::vector<std::string> names_in(Reply const& list) {
    std::vector<std::string> names;
    auto const* items = list.body.if_contains("items");
    if (!items) return names;
    for (auto const& item : items->as_array()) names.emplace_back(item.at("metadata").at("name").as_string());
    return names;
}

}  // namespace vedette::kube::fake
