// Heads are read by Beast's parser, in one piece and with its body handling switched off; the framing of bodies is
// ours, because it has to be fed byte by byte, to be exact about early ends, and to be tested as a table.

#include "net/http_codec.hpp"

#include "base/trim.hpp"
#include "net/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

#include <charconv>

namespace vedette::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t overhead_limit = 16 * 1024;

bool is_token(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [others](char c) {
        auto const letter = lower(c);
        return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || others.contains(c);
    });
}

template <class Parser>
Result<void> parse_head(Parser& parser, std::string_view head, char const* what) {
    parser.skip(true);
    parser.body_limit(boost::none);
    parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
    boost::system::error_code error;
    parser.put(asio::buffer(head.data(), head.size()), error);
    if (error) return fail(Errc::malformed, "malformed {}: {}", what, error.message());
    if (!parser.is_header_done()) return fail(Errc::malformed, "malformed {}: incomplete", what);
    return {};
}

template <class Message>
Headers copy_headers(Message const& message) {
    Headers headers;
    for (auto const& field : message) headers.add(std::string(field.name_string()), std::string(field.value()));
    return headers;
}

struct FramingFields {
    bool coded = false;  // Transfer-Encoding is there
    bool chunked = false;
    std::optional<std::uint64_t> length;
};

Result<std::uint64_t> parse_length(std::string_view text) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return fail(Errc::malformed, "malformed Content-Length");
    }
    return value;
}

Result<FramingFields> framing_fields(Headers const& headers) {
    FramingFields fields;
    for (auto const& [name, value] : headers) {
        if (same_word(name, "Transfer-Encoding")) {
            if (fields.coded || !same_word(trim(value), "chunked")) {
                return fail(Errc::malformed, "a transfer coding other than chunked");
            }
            fields.coded = fields.chunked = true;
        } else if (same_word(name, "Content-Length")) {
            auto const length = parse_length(trim(value));
            if (!length) return std::unexpected(length.error());
            if (fields.length && *fields.length != *length) {
                return fail(Errc::malformed, "two values of Content-Length that differ");
            }
            fields.length = *length;
        }
    }
    if (fields.coded && fields.length) return fail(Errc::malformed, "both Transfer-Encoding and Content-Length");
    return fields;
}

bool wants_keep_alive(int version, Headers const& headers) {
    if (has_token(headers, "Connection", "close")) return false;
    return version >= 11 || has_token(headers, "Connection", "keep-alive");
}

void write_headers(std::string& head, Headers const& headers) {
    for (auto const& [name, value] : headers) {
        head.append(name).append(": ").append(value).append("\r\n");
    }
    head.append("\r\n");
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool has_token(Headers const& headers, std::string_view name, std::string_view token) {
    for (auto const& [field, value] : headers) {
        if (!same_word(field, name)) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            auto const comma = std::min(rest.find(','), rest.size());
            if (same_word(trim(rest.substr(0, comma)), token)) return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

Headers without(Headers const& headers, std::string_view name) {
    Headers kept;
    for (auto const& [field, value] : headers) {
        if (!same_word(field, name)) kept.add(field, value);
    }
    return kept;
}

Result<std::optional<std::size_t>> find_head(std::string_view buffer, std::size_t limit, std::string_view first,
                                             std::size_t searched) {
    auto const common = std::min(buffer.size(), first.size());
    if (buffer.substr(0, common) != first.substr(0, common))
        return fail(Errc::malformed, "the peer does not speak HTTP");
    auto const end = buffer.substr(0, limit).find("\r\n\r\n", searched - std::min<std::size_t>(searched, 3));
    if (end != std::string_view::npos) return std::optional(end + 4);
    if (buffer.size() >= limit) return fail(Errc::too_large, "a header of more than {} bytes", limit);
    return std::optional<std::size_t>{};
}

Result<ResponseHead> parse_response_head(std::string_view head) {
    http::response_parser<http::empty_body> parser;
    if (auto const parsed = parse_head(parser, head, "response header"); !parsed) {
        return std::unexpected(parsed.error());
    }
    auto const& message = parser.get();
    return ResponseHead{.status = static_cast<int>(message.result_int()),
                        .version = static_cast<int>(message.version()),
                        .reason = std::string(message.reason()),
                        .headers = copy_headers(message)};
}

Result<RequestHead> parse_request_head(std::string_view head) {
    http::request_parser<http::empty_body> parser;
    if (auto const parsed = parse_head(parser, head, "request header"); !parsed) {
        return std::unexpected(parsed.error());
    }
    auto const& message = parser.get();
    return RequestHead{.method = std::string(message.method_string()),
                       .target = std::string(message.target()),
                       .version = static_cast<int>(message.version()),
                       .headers = copy_headers(message)};
}

Result<BodyPlan> plan_response_body(ResponseHead const& head, std::string_view method) {
    auto const fields = framing_fields(head.headers);
    if (!fields) return std::unexpected(fields.error());
    auto const keep_alive = wants_keep_alive(head.version, head.headers);
    auto const tunnel = method == "CONNECT" && head.status / 100 == 2;
    if (method == "HEAD" || tunnel || head.status / 100 == 1 || head.status == 204 || head.status == 304) {
        return BodyPlan{.framing = Framing::none, .keep_alive = keep_alive};
    }
    if (fields->chunked) return BodyPlan{.framing = Framing::chunked, .keep_alive = keep_alive};
    if (fields->length) {
        return BodyPlan{.framing = Framing::length, .length = *fields->length, .keep_alive = keep_alive};
    }
    return BodyPlan{.framing = Framing::until_close, .keep_alive = false};
}

Result<BodyPlan> plan_request_body(RequestHead const& head) {
    auto const fields = framing_fields(head.headers);
    if (!fields) return std::unexpected(fields.error());
    auto const keep_alive = wants_keep_alive(head.version, head.headers);
    if (fields->chunked) return BodyPlan{.framing = Framing::chunked, .keep_alive = keep_alive};
    auto const length = fields->length.value_or(0);
    return BodyPlan{
        .framing = length > 0 ? Framing::length : Framing::none, .length = length, .keep_alive = keep_alive};
}

BodyDecoder::BodyDecoder(BodyPlan plan) : plan_(plan), state_(State::data), left_(plan.length) {
    if (plan.framing == Framing::chunked) state_ = State::size;
    if (plan.framing == Framing::none || (plan.framing == Framing::length && plan.length == 0)) state_ = State::done;
}

Result<std::size_t> BodyDecoder::feed(std::string_view input, std::string& output) {
    std::size_t used = 0;
    while (used < input.size() && !done()) {
        if (state_ != State::data && state_ != State::chunk) {
            if (auto const stepped = step(input[used]); !stepped) return std::unexpected(stepped.error());
            ++used;
            continue;
        }
        auto piece = input.substr(used);
        bool const bounded = plan_.framing != Framing::until_close;
        if (bounded) piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left_)));
        output.append(piece);
        used += piece.size();
        received_ += piece.size();
        if (!bounded) continue;
        left_ -= piece.size();
        if (left_ == 0) state_ = state_ == State::data ? State::done : State::chunk_return;
    }
    return used;
}

Result<void> BodyDecoder::step(char c) {
    auto const bad = [](char const* what) { return fail(Errc::malformed, "malformed chunk: {}", what); };
    switch (state_) {
        case State::size:
            if (auto const digit = hex_value(c); digit >= 0) {
                if (++digits_ > 15) return bad("its size is out of range");
                left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
            } else if (digits_ == 0) {
                return bad("no size");
            } else if (c == '\r') {
                state_ = State::size_newline;
            } else if (c == ';' || c == ' ' || c == '\t') {
                state_ = State::size_extension;
            } else {
                return bad("its size is no number");
            }
            return {};
        case State::size_extension:
            if (++overhead_ > overhead_limit) return fail(Errc::malformed, "endless chunk extensions");
            if (c == '\n') return bad("a bare line feed");
            if (c == '\r') state_ = State::size_newline;
            return {};
        case State::size_newline:
            if (c != '\n') return bad("no line feed after its size");
            digits_ = 0;
            line_ = 0;
            state_ = left_ == 0 ? State::trailer : State::chunk;
            return {};
        case State::chunk_return:
            if (c != '\r') return bad("longer than its size");
            state_ = State::chunk_newline;
            return {};
        case State::chunk_newline:
            if (c != '\n') return bad("no line feed at its end");
            state_ = State::size;
            return {};
        case State::trailer:
            if (++overhead_ > overhead_limit) return fail(Errc::malformed, "an endless trailer");
            if (c == '\n') {
                if (line_ == 0) state_ = State::done;
                line_ = 0;
            } else if (c != '\r') {
                ++line_;
            }
            return {};
        case State::data:
        case State::chunk:
        case State::done:
            break;
    }
    return {};
}

Result<void> BodyDecoder::end_of_stream() {
    if (plan_.framing == Framing::until_close) state_ = State::done;
    if (done()) return {};
    return fail(Errc::closed, "the peer closed after {}", progress());
}

std::string BodyDecoder::progress() const {
    if (plan_.framing == Framing::length) return fmt::format("{} of {} bytes", received_, plan_.length);
    return fmt::format("{} bytes", received_);
}

std::string write_request_head(std::string_view method, std::string_view target, Headers const& headers) {
    auto head = fmt::format("{} {} HTTP/1.1\r\n", method, target);
    write_headers(head, headers);
    return head;
}

std::string write_response_head(int status, Headers const& headers) {
    auto head = fmt::format("HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
    write_headers(head, headers);
    return head;
}

bool valid_method(std::string_view method) {
    return is_token(method);
}

bool valid_target(std::string_view target) {
    return !target.empty() && std::ranges::none_of(target, [](char c) { return (c >= 0 && c <= ' ') || c == 0x7f; });
}

bool valid_field(std::string_view name, std::string_view value) {
    return is_token(name) && value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string_view reason_phrase(int status) {
    auto const known = http::int_to_status(static_cast<unsigned>(status));
    if (known == http::status::unknown) return {};
    auto const phrase = http::obsolete_reason(known);
    return {phrase.data(), phrase.size()};
}

}  // namespace vedette::net
