#pragma once
// kube::Api over HTTPS: adds credentials, impersonation and the proxy of a Target to each request.

#include "base/files.hpp"
#include "base/process.hpp"
#include "kube/api.hpp"
#include "kube/target.hpp"
#include "net/http_client.hpp"

#include <memory>

namespace vedette::kube {

/// Looks a variable up.
using Environment = std::function<std::optional<std::string>(std::string)>;

/// What the transport needs of the world. All outlive the Api.
struct Transport {
    net::HttpClient& http;
    Clock& clock;
    Files& files;
    Process& process;
    Environment environment;  ///< for proxies and exec plugins
};

/// A client for one cluster costs no thread, no SSL_CTX and no connection of its own. Tokens of files are re-read when
/// the file changes; exec credentials are kept until they expire, or once a 401 shows they are not accepted any more.
/// Errors: invalid_input (server or proxy URL).
Result<std::unique_ptr<Api>> make_http_api(Target target, Transport transport);

/// The proxy on the way to `server`, which is `target.server` taken apart: proxy-url, else by the environment (which
/// may be empty). Errors: invalid_input.
Result<std::optional<net::Url>> proxy_for(Target const& target, net::Url const& server, Environment const& environment);

}  // namespace vedette::kube
