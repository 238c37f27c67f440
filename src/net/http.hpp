#pragma once
// HTTP/1.1 messages as plain values. Beast stays in the .cpp files.

#include "base/clock.hpp"
#include "base/task.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vedette::net {

struct Certificate;

/// Header fields in order; names compare without case.
class Headers {
public:
    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    /// Replaces every field of that name.
    void set(std::string name, std::string value);
    /// The first value of that name.
    std::optional<std::string> get(std::string_view name) const;
    bool has(std::string_view name) const { return get(name).has_value(); }

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    bool operator==(Headers const&) const = default;

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// A body read piece by piece. Destroying it before its end closes the connection; reading to the end gives the
/// connection back to its pool.
class Body {
public:
    virtual ~Body() = default;
    /// The next piece, decoded (chunked, gzip); empty at the end.
    /// Errors: reset ("connection reset after N of M bytes"), closed ("the peer closed after N of M bytes"), malformed,
    /// timed_out, too_large.
    virtual Task<std::string> read(Deadline deadline) = 0;
};

/// A body that is already in memory.
std::unique_ptr<Body> make_body(std::string text);
/// The whole of `body`. Errors: those of read(), and too_large beyond `limit` bytes.
Task<std::string> read_all(std::unique_ptr<Body> body, std::size_t limit, Deadline deadline);

struct HttpRequest {
    std::string method = "GET";
    std::string target = "/";  ///< path and query, already encoded
    Headers headers;
    std::string body;
    bool long_lived = false;  ///< the answer goes on for minutes (a watch): it takes no place of a quick request
};

struct HttpResponse {
    int status = 0;
    Headers headers;
    std::unique_ptr<Body> body;                                  ///< never null
    std::shared_ptr<std::vector<Certificate> const> peer_chain;  ///< of the connection it came over; null without TLS
    Duration waited{};  ///< for a free connection, before anything was sent or dialed
};

/// Percent-encodes everything but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);
Result<std::string> percent_decode(std::string_view text);

/// An absolute http or https URL, taken apart.
struct Url {
    std::string scheme;  ///< "http" or "https"
    std::string user;    ///< "user:password" as written, decoded; empty if absent
    std::string host;    ///< without brackets
    std::uint16_t port = 0;
    std::string target;  ///< path and query, "/" at least; the fragment is dropped
};
/// Errors: invalid_input, in one sentence that never repeats the user part.
Result<Url> parse_url(std::string_view text);

}  // namespace vedette::net
