// A watch on the wire: one JSON object a line. Lines are cut out of one buffer whose bound is one event's.

#include "base/json.hpp"
#include "kube/client.hpp"
#include "kube/client_errors.hpp"

namespace vedette::kube {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_event = 8u * 1024 * 1024;
constexpr std::size_t bytes_before_yielding = 64u * 1024;

std::optional<WatchEvent::Kind> kind_of(std::string_view type) {
    if (type == "ADDED") return WatchEvent::Kind::added;
    if (type == "MODIFIED") return WatchEvent::Kind::modified;
    if (type == "DELETED") return WatchEvent::Kind::deleted;
    if (type == "BOOKMARK") return WatchEvent::Kind::bookmark;
    return std::nullopt;
}

Result<WatchEvent> read_event(std::string_view line, std::string const& what) {
    auto parsed = parse_json(line, "event");
    if (!parsed) return pass(parsed, what);
    auto* const event = parsed->if_object();
    auto* const member = event ? event->if_contains("object") : nullptr;
    auto* const object = member ? member->if_object() : nullptr;
    if (!object) return fail(Errc::malformed, "{}: a line that is not a watch event", what);
    auto const type = get_string(*event, "type");
    if (type == "ERROR") {
        auto const code = static_cast<int>(get_int(*object, "code").value_or(500));
        return std::unexpected(error_of_status(what, code, *object));
    }
    auto const kind = kind_of(type);
    if (!kind) return fail(Errc::malformed, "{}: a watch event of unknown type", what);
    return WatchEvent{*kind, std::move(*object)};
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> Watch::take_line() {
    auto const end = buffer_.find('\n', searched_);
    if (end == std::string::npos) {
        searched_ = buffer_.size();
        return std::nullopt;
    }
    auto line = buffer_.substr(taken_, end - taken_);
    taken_ = searched_ = end + 1;
    return line;
}

void Watch::forget_taken() {
    buffer_.erase(0, taken_);
    searched_ -= taken_;
    taken_ = 0;
}

Task<std::optional<WatchEvent>> Watch::next(Deadline deadline) {
    while (true) {
        auto const line = take_line();
        if (line && is_blank(*line)) continue;
        if (line) {
            since_yield_ += line->size();
            if (since_yield_ > bytes_before_yielding) {
                since_yield_ = 0;
                co_await asio::post(asio::use_awaitable);
            }
            co_return read_event(*line, what_);
        }
        forget_taken();
        if (ended_) {
            if (is_blank(buffer_)) co_return std::nullopt;
            co_return fail(Errc::closed, "{}: the watch ended in the middle of an event", what_);
        }
        if (buffer_.size() > longest_event) {
            co_return fail(Errc::too_large, "{}: an event is larger than {} bytes", what_, longest_event);
        }
        auto piece = co_await body_->read(deadline);
        if (!piece) co_return pass(piece, what_);
        if (piece->empty()) ended_ = true;
        buffer_ += *piece;
    }
}

}  // namespace vedette::kube
