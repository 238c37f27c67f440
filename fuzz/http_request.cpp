// HTTP requests as the server reads them: head and body mean the same however the bytes are cut, and what may be
// written again is read again as the same. Input: how to cut (one byte), the request.

#include "net/http_codec.hpp"
#include "target.hpp"

#include <algorithm>

namespace vedette::fuzz {
namespace {

struct Read {
    std::string body;
    std::size_t used = 0;
    bool failed = false;
    bool done = false;
};

Read decode(net::BodyPlan plan, std::string_view bytes, std::size_t piece) {
    net::BodyDecoder decoder(plan);
    Read read{.done = decoder.done()};
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
        read.used += *consumed;
    }
    read.done = decoder.done();
    return read;
}

void expect_same_when_written_again(net::RequestHead const& head) {
    bool valid = head.version == 11 && net::valid_method(head.method) && net::valid_target(head.target);
    for (auto const& [name, value] : head.headers) valid = valid && net::valid_field(name, value);
    if (!valid) return;
    auto const written = net::write_request_head(head.method, head.target, head.headers);
    auto const size = net::find_head(written, written.size(), {});
    ensure(size && *size && **size == written.size(), "a head that is written is one head");
    auto const again = net::parse_request_head(written);
    ensure(again.has_value(), "a head that is written can be read");
    ensure(again->method == head.method && again->target == head.target && again->headers == head.headers,
           "a head that is written says the same");
}

}  // namespace

void fuzz(std::string_view input) {
    if (input.empty()) return;
    auto const piece = static_cast<std::size_t>(static_cast<std::uint8_t>(input[0])) + 1;
    auto const bytes = input.substr(1);

    auto const size = net::find_head(bytes, 4096, {});
    if (!observe(size) || !*size) return;
    ensure(**size <= bytes.size() && **size <= 4096, "a head is within its buffer and its bound");
    for (std::size_t cut = 0; cut < **size; cut += piece) {
        auto const part = net::find_head(bytes.substr(0, cut), 4096, {});
        ensure(part.has_value() && !*part, "a part of a good head is neither wrong nor whole");
    }
    auto const head = net::parse_request_head(bytes.substr(0, **size));
    if (!observe(head)) return;
    expect_same_when_written_again(*head);
    auto const plan = net::plan_request_body(*head);
    if (!observe(plan)) return;
    ensure(plan->framing != net::Framing::until_close, "a request ends before its connection does");

    auto const rest = bytes.substr(**size);
    auto const whole = decode(*plan, rest, std::max<std::size_t>(rest.size(), 1));
    auto const cut = decode(*plan, rest, piece);
    ensure(whole.failed == cut.failed && whole.done == cut.done, "cuts change no verdict");
    if (!whole.failed) ensure(whole.body == cut.body && whole.used == cut.used, "cuts change no body");
    ensure(whole.body.size() <= rest.size(), "a body is no longer than its bytes");
    observe("body", whole.body.size());
}

}  // namespace vedette::fuzz
