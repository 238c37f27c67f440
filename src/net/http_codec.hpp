#pragma once
// The rules of HTTP/1.1 messages without any I/O: heads, framing, and a body decoder that is fed bytes. Client and
// server are thin loops around these. RFC 9110, RFC 9112.

#include "net/http.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vedette::net {

/// The case-insensitive comparison of field names and tokens, ASCII only.
bool same_word(std::string_view a, std::string_view b);
/// Whether the comma-separated values of `name` hold `token`.
bool has_token(Headers const& headers, std::string_view name, std::string_view token);
/// `headers` without every field of that name.
Headers without(Headers const& headers, std::string_view name);

/// The bytes of the head at the front of `buffer`, its empty line included. Nothing: more is needed.
/// Errors: too_large beyond `limit` bytes; malformed as soon as a response cannot begin so (`first` is its prefix,
/// empty for requests). `searched` bytes have been asked about before, in vain: a header that trickles in is not read
/// from its beginning each time.
Result<std::optional<std::size_t>> find_head(std::string_view buffer, std::size_t limit, std::string_view first,
                                             std::size_t searched = 0);

struct ResponseHead {
    int status = 0;
    int version = 11;  ///< 10 or 11
    std::string reason;
    Headers headers;
};
/// `head` is complete, as find_head() measured it. Errors: malformed.
Result<ResponseHead> parse_response_head(std::string_view head);

struct RequestHead {
    std::string method;
    std::string target;
    int version = 11;
    Headers headers;
};
/// Errors: malformed.
Result<RequestHead> parse_request_head(std::string_view head);

/// How a body ends.
enum class Framing { none, length, chunked, until_close };
struct BodyPlan {
    Framing framing = Framing::none;
    std::uint64_t length = 0;  ///< of Framing::length
    bool keep_alive = true;    ///< whether the connection may serve another message afterwards
};
/// Errors: malformed (lengths that disagree, a length and chunks, a coding that is not chunked).
Result<BodyPlan> plan_response_body(ResponseHead const& head, std::string_view method);
Result<BodyPlan> plan_request_body(RequestHead const& head);

/// Takes a body's framing off, however the bytes are cut.
class BodyDecoder {
public:
    explicit BodyDecoder(BodyPlan plan);

    /// Consumes from the front of `input`, appends body bytes to `output`, and says how much it consumed. Stops at
    /// the body's end. Errors: malformed.
    Result<std::size_t> feed(std::string_view input, std::string& output);
    bool done() const { return state_ == State::done; }
    /// The stream has ended. Errors: closed, "the peer closed after N of M bytes"; fine where the end is the framing.
    Result<void> end_of_stream();
    /// "N of M bytes", or "N bytes" where M is unknown.
    std::string progress() const;

private:
    enum class State { data, size, size_extension, size_newline, chunk, chunk_return, chunk_newline, trailer, done };
    Result<void> step(char c);

    BodyPlan plan_;
    State state_;
    std::uint64_t left_ = 0;      // of the length or of this chunk
    std::uint64_t received_ = 0;  // body bytes
    std::size_t digits_ = 0;      // of this chunk's size
    std::size_t line_ = 0;        // bytes of this trailer line
    std::size_t overhead_ = 0;    // bytes of extensions and trailers, which are bounded
};

/// Writes a head, of which all parts are valid.
std::string write_request_head(std::string_view method, std::string_view target, Headers const& headers);
std::string write_response_head(int status, Headers const& headers);
/// Whether they may be written: a method and a field's name are tokens (RFC 9110, 5.6.2), a target is not empty and has
/// no blank, and nothing can end a line early.
bool valid_method(std::string_view method);
bool valid_target(std::string_view target);
bool valid_field(std::string_view name, std::string_view value);
/// "OK", "Not Found"; empty for a number without a name.
std::string_view reason_phrase(int status);

/// The text of a body that make_body() made; null for a streamed one.
std::string* known_text(Body& body);

}  // namespace vedette::net
