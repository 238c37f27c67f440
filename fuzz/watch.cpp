// Watch streams: the same events and the same end however the bytes are cut. Input: how to cut (one byte), the stream.

#include "base/json.hpp"
#include "kube/client.hpp"
#include "target.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace vedette::fuzz {
namespace {

class Pieces final : public net::Body {
public:
    Pieces(std::string_view bytes, std::size_t size) : bytes_(bytes), size_(size) {}
    Task<std::string> read(Deadline) override {
        auto piece = std::string(bytes_.substr(0, size_));
        bytes_.remove_prefix(piece.size());
        co_return piece;
    }

private:
    std::string_view bytes_;
    std::size_t size_;
};

struct Heard {
    std::vector<kube::WatchEvent> events;
    std::string end;
    bool operator==(Heard const&) const = default;
};

Async<void> listen(kube::Watch& watch, Heard& heard) {
    while (true) {
        auto event = co_await watch.next(no_deadline);
        if (!event) heard.end = fmt::format("{}: {}", to_string(event.error().code()), event.error().text());
        if (!event || !*event) co_return;
        heard.events.push_back(std::move(**event));
    }
}

Heard hear(std::string_view bytes, std::size_t piece) {
    asio::io_context reactor{1};
    kube::Watch watch(std::make_unique<Pieces>(bytes, piece), "watch pods");
    Heard heard;
    bool done = false;
    asio::co_spawn(reactor, listen(watch, heard), [&done](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
        done = true;
    });
    reactor.run();
    ensure(done, "a stream that ends ends its watch");
    return heard;
}

}  // namespace

void fuzz(std::string_view input) {
    if (input.empty()) return;
    auto const piece = static_cast<std::size_t>(static_cast<std::uint8_t>(input[0])) + 1;
    auto const bytes = input.substr(1);
    auto const whole = hear(bytes, std::max<std::size_t>(bytes.size(), 1));
    auto const cut = hear(bytes, piece);
    ensure(whole == cut, "cuts change neither events nor the end");
    observe(whole.end);
    observe("events", whole.events.size());
    for (auto const& event : whole.events) {
        observe("kind", static_cast<std::size_t>(event.kind));
        ensure(parse_json(to_json(boost::json::value(event.object)), "object").has_value(), "an object is JSON again");
    }
    auto const lines = static_cast<std::size_t>(std::ranges::count(bytes, '\n'));
    ensure(whole.events.size() <= lines, "an event is a whole line");
}

}  // namespace vedette::fuzz
