#pragma once
// What an HTTP answer is worth, by the parameters of the http check. Pure.

#include "check/outcome.hpp"
#include "check/params.hpp"
#include "net/http.hpp"
#include "net/tls.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vedette::check {

struct HttpAnswer {
    int status = 0;
    net::Headers headers;
    std::string body;
    int redirects = 0;
    std::string url;  ///< the one that answered
    /// Of the host that answered, leaf first; null over plain HTTP.
    std::shared_ptr<std::vector<net::Certificate> const> chain;
    Duration took{};
};

/// Whether a status pattern such as "204" or "2xx" covers `status`.
bool accepts_status(std::vector<std::string> const& patterns, int status);

/// What in the parameters cannot be used, in one sentence; empty: nothing.
std::string bad_http_parameter(Params const& params);

/// Judges status, headers, body, JSON, time and the certificate's days, in this order. The message begins after the
/// URL: "answered 200 in 12 ms". The parameters have passed bad_http_parameter().
Outcome judge_http_answer(HttpAnswer const& answer, Params const& params, WallTime now);

}  // namespace vedette::check
