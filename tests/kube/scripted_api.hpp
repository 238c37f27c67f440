#pragma once
// An Api whose answers are written down beforehand, and which remembers what it was asked.

#include "kube/api.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vedette::kube {

/// One answer: a transport error, or a status and a body in pieces that may end badly.
struct Scripted {
    int status = 200;
    std::vector<std::string> pieces;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<Error> transport;  ///< instead of an answer
    std::optional<Error> breaks;     ///< instead of the body's end
};

class ScriptedBody final : public net::Body {
public:
    ScriptedBody(std::vector<std::string> pieces, std::optional<Error> breaks)
        : pieces_(pieces.begin(), pieces.end()), breaks_(std::move(breaks)) {}

    Task<std::string> read(Deadline) override {
        if (!pieces_.empty()) {
            auto piece = std::move(pieces_.front());
            pieces_.pop_front();
            co_return piece;
        }
        if (breaks_) co_return std::unexpected(*breaks_);
        co_return std::string{};
    }

private:
    std::deque<std::string> pieces_;
    std::optional<Error> breaks_;
};

class ScriptedApi final : public Api {
public:
    explicit ScriptedApi(std::vector<Scripted> script) : script_(script.begin(), script.end()) {}

    Task<Response> send(Request request, Deadline) override {
        requests.push_back(std::move(request));
        if (script_.empty()) co_return fail(Errc::io, "the script has ended");
        auto next = std::move(script_.front());
        script_.pop_front();
        if (next.transport) co_return std::unexpected(*next.transport);
        net::Headers headers;
        for (auto& [name, value] : next.headers) headers.add(std::move(name), std::move(value));
        co_return Response{next.status, std::move(headers),
                           std::make_unique<ScriptedBody>(std::move(next.pieces), std::move(next.breaks))};
    }

    std::size_t left() const { return script_.size(); }

    std::vector<Request> requests;

private:
    std::deque<Scripted> script_;
};

inline Resource pods() {
    return {.group = "", .version = "v1", .plural = "pods", .kind = "Pod", .namespaced = true};
}

inline Resource nodes() {
    return {.group = "", .version = "v1", .plural = "nodes", .kind = "Node", .namespaced = false};
}

inline Resource deployments() {
    return {.group = "apps", .version = "v1", .plural = "deployments", .kind = "Deployment", .namespaced = true};
}

}  // namespace vedette::kube
