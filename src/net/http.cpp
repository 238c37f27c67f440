// Message values, and the body that is already in memory.

#include "net/http.hpp"

#include "net/http_codec.hpp"

namespace vedette::net {
namespace {

class TextBody final : public Body {
public:
    explicit TextBody(std::string text) : text_(std::move(text)) {}

    Task<std::string> read(Deadline) override { co_return std::exchange(text_, {}); }
    std::string& text() { return text_; }

private:
    std::string text_;
};

}  // namespace

void Headers::set(std::string name, std::string value) {
    std::erase_if(fields_, [&name](auto const& field) { return same_word(field.first, name); });
    add(std::move(name), std::move(value));
}

std::optional<std::string> Headers::get(std::string_view name) const {
    for (auto const& [field, value] : fields_) {
        if (same_word(field, name)) return value;
    }
    return std::nullopt;
}

std::unique_ptr<Body> make_body(std::string text) {
    return std::make_unique<TextBody>(std::move(text));
}

std::string* known_text(Body& body) {
    auto* const text = dynamic_cast<TextBody*>(&body);
    return text ? &text->text() : nullptr;
}

Task<std::string> read_all(std::unique_ptr<Body> body, std::size_t limit, Deadline deadline) {
    std::string text;
    while (true) {
        auto piece = co_await body->read(deadline);
        if (!piece) co_return pass(piece);
        if (piece->empty()) co_return text;
        if (piece->size() > limit - text.size()) co_return fail(Errc::too_large, "a body of more than {} bytes", limit);
        text += *piece;
    }
}

}  // namespace vedette::net
