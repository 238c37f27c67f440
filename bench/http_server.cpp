// http_server: answers every request on a free port of 127.0.0.1 with two bytes, as something for probes to look at.
// Prints its URL and serves until its standard input ends.

#include "net/http_server.hpp"

#include "base/task_group.hpp"
#include "cli/runtime.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <unistd.h>

namespace vedette {
namespace {

Task<net::HttpResponse> answer(net::ServerRequest) {
    net::Headers headers;
    headers.add("Content-Type", "text/plain");
    co_return net::HttpResponse{.status = 200, .headers = std::move(headers), .body = net::make_body("ok")};
}

Async<void> serve_until_input_ends(net::HttpServer& server) {
    auto const executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor input(executor, ::dup(STDIN_FILENO));
    TaskGroup serving(executor);
    serving.spawn(server.serve());
    boost::system::error_code error;
    co_await input.async_wait(asio::posix::stream_descriptor::wait_read,
                              asio::redirect_error(asio::use_awaitable, error));
    co_await serving.stop();
}

}  // namespace
}  // namespace vedette

int main() {
    using namespace vedette;
    cli::Runtime runtime;
    auto listener = net::listen_tcp(runtime.executor(), runtime.clock(), {"127.0.0.1", 0});
    if (!listener) {
        fmt::print(stderr, "{}\n", listener.error().text());
        return 1;
    }
    auto server = net::make_http_server(runtime.executor(), runtime.clock(), std::move(*listener), nullptr, answer);
    fmt::print("http://{}/\n", to_string(server->local()));
    std::fflush(stdout);
    runtime.run(serve_until_input_ends(*server));
    return 0;
}
