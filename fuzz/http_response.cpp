// HTTP responses: head and body mean the same however the bytes are cut, and a body never holds more than was sent.
// Input: how to cut (one byte), whether it answers a HEAD (the lowest bit of the next), the response.

#include "net/http_codec.hpp"
#include "target.hpp"

#include <algorithm>

namespace vedette::fuzz {
namespace {

struct Read {
    std::string body;
    bool failed = false;
    bool done = false;
};

Read decode(net::BodyPlan plan, std::string_view bytes, std::size_t piece) {
    net::BodyDecoder decoder(plan);
    Read read;
    while (!bytes.empty() && !decoder.done()) {
        auto const now = bytes.substr(0, piece);
        auto const consumed = decoder.feed(now, read.body);
        if (!consumed) {
            observe(consumed.error().text());
            read.failed = true;
            return read;
        }
        ensure(*consumed <= now.size(), "consumes what it was given");
        ensure(*consumed == now.size() || decoder.done(), "stops early only at the end");
        bytes.remove_prefix(*consumed);
    }
    read.done = decoder.done();
    observe(decoder.progress());
    if (!read.done) observe(decoder.end_of_stream());
    return read;
}

}  // namespace

void fuzz(std::string_view input) {
    if (input.size() < 2) return;
    auto const piece = static_cast<std::size_t>(static_cast<std::uint8_t>(input[0])) + 1;
    std::string_view const method = (input[1] & 1) != 0 ? "HEAD" : "GET";
    auto const bytes = input.substr(2);

    auto const size = net::find_head(bytes, 4096, "HTTP/1.");
    if (!observe(size) || !*size) return;
    ensure(**size <= bytes.size() && **size <= 4096, "a head is within its buffer and its bound");
    for (std::size_t cut = 0; cut < **size; cut += piece) {
        auto const part = net::find_head(bytes.substr(0, cut), 4096, "HTTP/1.");
        ensure(part.has_value() && !*part, "a part of a good head is neither wrong nor whole");
    }
    auto const head = net::parse_response_head(bytes.substr(0, **size));
    if (!observe(head)) return;
    auto const plan = net::plan_response_body(*head, method);
    if (!observe(plan)) return;

    auto const rest = bytes.substr(**size);
    auto const whole = decode(*plan, rest, std::max<std::size_t>(rest.size(), 1));
    auto const cut = decode(*plan, rest, piece);
    ensure(whole.failed == cut.failed && whole.done == cut.done, "cuts change no verdict");
    if (!whole.failed) ensure(whole.body == cut.body, "cuts change no body");
    ensure(whole.body.size() <= rest.size(), "a body is no longer than its bytes");
}

}  // namespace vedette::fuzz
