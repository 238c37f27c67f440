#pragma once
// A world with an HTTP client and peers that say exactly what a test tells them to.

#include "base/task_group.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "world/network.hpp"
#include "world/plain_tls.hpp"

#include <boost/system/system_error.hpp>

namespace vedette::net {

struct Fetched {
    int status = 0;
    Headers headers;
    std::string body;
    std::shared_ptr<std::vector<Certificate> const> peer_chain;
};

inline Task<Fetched> fetch(HttpClient& client, Origin origin, HttpRequest request, Deadline deadline) {
    auto response = co_await client.send(std::move(origin), std::move(request), deadline);
    if (!response) co_return pass(response);
    auto body = co_await read_all(std::move(response->body), 64 * 1024 * 1024, deadline);
    if (!body) co_return pass(body);
    co_return Fetched{response->status, std::move(response->headers), std::move(*body), response->peer_chain};
}

/// What a scripted peer does after a request.
struct Reply {
    std::string bytes;
    bool close = false;
    Duration after{};  ///< the wait before the bytes
};
/// `request` is one whole request as it came over the wire; `number` counts them from 0, all connections together.
using Script = std::function<Reply(std::string const& request, std::size_t number)>;

/// Everything that runs in it has ended, and every stream is closed, when it is gone.
struct HttpWorld {
    explicit HttpWorld(HttpClientOptions options = {}, std::uint64_t seed = 1)
        : world(seed), client(make_http_client(world.executor(), world.clock(), network, tls, options)) {}
    ~HttpWorld() { world.run(tasks.stop()); }

    Deadline in(Duration duration) { return world.clock().now() + duration; }

    Result<Fetched> get(Origin origin, std::string target = "/", Duration within = 10s) {
        return world.run(fetch(*client, std::move(origin), {.target = std::move(target)}, in(within)));
    }
    Result<Fetched> send(Origin origin, HttpRequest request, Duration within = 10s) {
        return world.run(fetch(*client, std::move(origin), std::move(request), in(within)));
    }

    /// A peer at `at` that follows `script`; requests are kept in `requests`.
    void script(Endpoint at, Script script) { tasks.spawn(accept_all(*this, network.listen(at), std::move(script))); }
    /// The same answer every time.
    void always(Endpoint at, std::string bytes, bool close = false) {
        script(std::move(at), [bytes, close](std::string const&, std::size_t) { return Reply{bytes, close}; });
    }

    static Async<void> accept_all(HttpWorld& w, std::unique_ptr<Listener> listener, Script script) {
        while (true) {
            auto stream = co_await listener->accept();
            w.tasks.spawn(converse(w, std::move(*stream), script));
        }
    }

    static Async<void> converse(HttpWorld& w, std::unique_ptr<Stream> stream, Script script) {
        std::string inbox;
        std::string piece(4096, '\0');
        while (true) {
            while (!whole(inbox)) {
                auto const count = co_await stream->read(piece, no_deadline);
                if (!count || *count == 0) co_return;
                inbox.append(piece, 0, *count);
            }
            auto const reply = script(inbox, w.requests.size());
            w.requests.push_back(std::exchange(inbox, {}));
            co_await w.world.clock().sleep_for(reply.after);
            auto const written = co_await stream->write(reply.bytes, no_deadline);
            if (!written || reply.close) co_return;
        }
    }

    static bool whole(std::string const& request) {
        auto const head = request.find("\r\n\r\n");
        if (head == std::string::npos) return false;
        auto const field = request.find("Content-Length: ");
        auto const length = field < head ? std::stoul(request.substr(field + 16)) : 0;
        return request.size() >= head + 4 + length;
    }

    world::World world;
    world::Network network{world};
    world::PlainTls tls{world};
    std::vector<std::string> requests;
    std::unique_ptr<HttpClient> client;
    TaskGroup tasks{world.executor()};
};

}  // namespace vedette::net
