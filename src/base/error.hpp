#pragma once
// Errors as values. The world failing us travels as Result<T>; a bug aborts (ensure.hpp); a target being down is
// an Outcome, never an Error. Nobody branches on text().

#include <fmt/format.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace vedette {

/// What went wrong, to branch on. One word per distinct outage: a closed port and a silent firewall differ.
enum class Errc {
    invalid_input,      ///< what a person wrote is wrong: flags, files, names
    not_found,          ///< no such file, object, name
    denied,             ///< the operating system or the API server (403) forbids it
    unauthorized,       ///< the API server does not know us (401)
    dns_failure,        ///< the name has no address
    refused,            ///< every address said no
    unreachable,        ///< no route
    timed_out,          ///< the deadline passed
    reset,              ///< the peer cut the connection in the middle
    closed,             ///< the peer ended the connection cleanly, sooner than the protocol allows
    malformed,          ///< bytes that break the protocol or the format
    too_large,          ///< a stated bound was exceeded
    tls_failure,        ///< handshake or certificate verification failed
    proxy_failure,      ///< the proxy refused to connect us
    conflict,           ///< 409: the object changed meanwhile
    already_exists,     ///< 409 AlreadyExists
    gone,               ///< 410: the version or the continue token has expired
    too_many_requests,  ///< 429
    unavailable,        ///< 5xx
    unsupported,        ///< 404 for a kind, 405, 415: the server does not serve this
    rejected,           ///< another 4xx: the request is not acceptable
    io,                 ///< a system call failed
};

/// The enum's spelling, for traces and tests.
std::string_view to_string(Errc code);

/// One failure: a code to branch on and a sentence to read. Each layer adds one phrase with in_context().
class [[nodiscard]] Error {
public:
    Error(Errc code, std::string text) : code_(code), text_(std::move(text)) {}

    Errc code() const { return code_; }
    std::string const& text() const { return text_; }

    /// "phrase: text".
    Error in_context(std::string_view phrase) && {
        text_.insert(0, ": ");
        text_.insert(0, phrase);
        return std::move(*this);
    }

    bool operator==(Error const&) const = default;

private:
    Errc code_;
    std::string text_;
};

template <class T>
using Result = std::expected<T, Error>;

template <class... Args>
std::unexpected<Error> fail(Errc code, fmt::format_string<Args...> format, Args&&... args) {
    return std::unexpected(Error(code, fmt::format(format, std::forward<Args>(args)...)));
}

/// Passes the error of `failed` on: `if (!x) return pass(x);`
template <class T>
std::unexpected<Error> pass(Result<T>& failed) {
    return std::unexpected(std::move(failed).error());
}

/// Passes the error of `failed` on with one more phrase in front.
template <class T>
std::unexpected<Error> pass(Result<T>& failed, std::string_view phrase) {
    return std::unexpected(std::move(failed).error().in_context(phrase));
}

}  // namespace vedette
