#pragma once
// kube::Api over HTTPS: adds credentials, impersonation and the proxy of a Target to each request.

#include "base/files.hpp"
#include "base/process.hpp"
#include "kube/api.hpp"
#include "kube/target.hpp"
#include "net/http_client.hpp"

#include <memory>

namespace vedette::kube {

/// What the transport needs of the world. All outlive the Api.
struct Transport {
    net::HttpClient& http;
    Clock& clock;
    Files& files;
    Process& process;
    std::function<std::optional<std::string>(std::string)> environment;  ///< for proxies and exec plugins
};

/// A client for one cluster costs no thread, no SSL_CTX and no connection of its own. Tokens of files are re-read when
/// the file changes; exec credentials are kept until they expire, or once a 401 shows they are not accepted any more.
/// Errors: invalid_input (server or proxy URL).
Result<std::unique_ptr<Api>> make_http_api(Target target, Transport transport);

}  // namespace vedette::kube
