// The list parser: Boost.JSON's event parser under a handler that builds what the projection keeps and counts its way
// through the rest.
//
// Items live on the heap, not in an arena that the next item reuses: copies of a Boost.JSON value share its memory
// resource (1.81), so an arena would leave every kept copy dangling.

#include "kube/list_reader.hpp"

#include "base/watchdog.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <charconv>
#include <cmath>
#include <vector>

namespace vedette::kube {
namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr std::size_t max_depth = 64;
constexpr std::size_t usual_members = 6;  // of an object: room is made for them at once, and not one by one
constexpr std::size_t longest_item = 8u * 1024 * 1024;  // as a watch's event; etcd takes 1.5 MiB
constexpr std::size_t slice = 64u * 1024;               // how often the bound is looked at

enum class Place { root, metadata, items, object, array };

struct Frame {
    Place place;
    Projection const* keep = nullptr;  // of object and array
    json::value* value = nullptr;      // null for the item itself
};

}  // namespace

// The handler of basic_parser, and the parser with it.
class ListHandler {
public:
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    ListHandler(Projection projection, ListReader::OnItem on_item)
        : projection_(std::move(projection)), on_item_(std::move(on_item)) {
        stack_.reserve(max_depth);
    }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }

    bool on_object_begin(error_code& error) {
        if (skipped_ > 0) return skip();
        if (stack_.empty()) return push({Place::root});
        auto const top = stack_.back();
        switch (top.place) {
            case Place::root:
                if (key_ == "metadata") return push({Place::metadata});
                if (key_ == "items") return refuse(error, "items is not an array");
                return skip();
            case Place::metadata:
                return skip();
            case Place::items: {
                item_ = json::object{};
                item_.reserve(usual_members);
                return push({Place::object, &projection_});
            }
            case Place::object:
            case Place::array: {
                auto const* keep = kept(top);
                if (!keep) return skip();
                auto& value = add(top);
                value.emplace_object().reserve(usual_members);
                return push({Place::object, keep, &value});
            }
        }
        return true;
    }

    bool on_object_end(std::size_t, error_code&) {
        if (unskip()) return true;
        bool const item_ends = stack_.back().place == Place::object && !stack_.back().value;
        stack_.pop_back();
        if (item_ends) {
            ++items;
            on_item_(std::move(item_));
        }
        return true;
    }

    bool on_array_begin(error_code& error) {
        if (skipped_ > 0) return skip();
        if (stack_.empty()) return refuse(error, "not a JSON object");
        auto const top = stack_.back();
        switch (top.place) {
            case Place::root:
                if (key_ != "items") return skip();
                has_items = true;
                return push({Place::items});
            case Place::metadata:
                return skip();
            case Place::items:
                return refuse(error, "an element of items is not an object");
            case Place::object:
            case Place::array: {
                auto const* keep = kept(top);
                if (!keep) return skip();
                auto& value = add(top);
                value.emplace_array();
                return push({Place::array, keep, &value});
            }
        }
        return true;
    }

    bool on_array_end(std::size_t, error_code&) {
        if (!unskip()) stack_.pop_back();
        return true;
    }

    bool on_key_part(json::string_view part, std::size_t, error_code&) {
        if (skipped_ == 0) text_.append(part.data(), part.size());
        return true;
    }

    bool on_key(json::string_view rest, std::size_t, error_code&) {
        if (skipped_ > 0) return true;
        key_ = text_;
        key_.append(rest.data(), rest.size());
        text_.clear();
        auto const& top = stack_.back();
        below_ = top.place == Place::object ? top.keep->below(key_) : nullptr;
        return true;
    }

    bool on_string_part(json::string_view part, std::size_t, error_code&) {
        if (wants_scalar()) text_.append(part.data(), part.size());
        return true;
    }

    bool on_string(json::string_view rest, std::size_t, error_code& error) {
        if (!wants_scalar()) return check_scalar(error);
        std::string_view text(rest.data(), rest.size());
        if (!text_.empty()) text = text_.append(text);
        auto const top = stack_.back();
        if (top.place == Place::object || top.place == Place::array) {
            add(top).emplace_string().assign(text.data(), text.size());
        } else {
            *field_of_list(top.place) = text;
        }
        text_.clear();
        return true;
    }

    bool on_number_part(json::string_view part, error_code&) {
        if (wants_value()) text_.append(part.data(), part.size());
        return true;
    }

    bool on_int64(std::int64_t number, json::string_view, error_code& error) { return scalar(number, error); }
    bool on_uint64(std::uint64_t number, json::string_view, error_code& error) { return scalar(number, error); }

    bool on_double(double number, json::string_view rest, error_code& error) {
        if (wants_value()) {
            // Boost 1.81 reads doubles with an error in the last place; the text tells the nearest one.
            text_.append(rest.data(), rest.size());
            std::from_chars(text_.data(), text_.data() + text_.size(), number);
            if (!std::isfinite(number)) return refuse(error, "the number is too large");
        }
        return scalar(number, error);
    }

    bool on_bool(bool flag, error_code& error) { return scalar(flag, error); }

    bool on_null(error_code& error) {
        // An empty list of some servers: "items": null.
        if (skipped_ == 0 && !stack_.empty() && stack_.back().place == Place::root && key_ == "items") {
            has_items = true;
        }
        return scalar(nullptr, error);
    }

    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

    std::string resource_version;
    std::string continue_token;
    std::string kind;
    std::size_t items = 0;
    bool has_items = false;
    char const* refused = nullptr;  ///< why the handler stopped the parser

private:
    bool push(Frame frame) {
        stack_.push_back(frame);
        return true;
    }

    bool skip() {
        ++skipped_;
        return true;
    }

    bool unskip() {
        if (skipped_ == 0) return false;
        --skipped_;
        return true;
    }

    bool refuse(error_code& error, char const* why) {
        refused = why;
        error = json::error::syntax;
        return false;
    }

    Projection const* kept(Frame const& top) const { return top.place == Place::object ? below_ : top.keep; }

    bool wants_value() const {
        if (skipped_ > 0 || stack_.empty()) return false;
        auto const& top = stack_.back();
        if (top.place != Place::object && top.place != Place::array) return false;
        auto const* keep = kept(top);
        return keep && keep->keeps_all();
    }

    bool wants_scalar() {
        if (skipped_ > 0 || stack_.empty()) return false;
        return wants_value() || field_of_list(stack_.back().place);
    }

    std::string* field_of_list(Place place) {
        if (place == Place::root && key_ == "kind") return &kind;
        if (place == Place::metadata && key_ == "resourceVersion") return &resource_version;
        if (place == Place::metadata && key_ == "continue") return &continue_token;
        return nullptr;
    }

    // A scalar that nobody keeps may still be one that must not stand here.
    bool check_scalar(error_code& error) {
        if (skipped_ > 0) return true;
        if (stack_.empty()) return refuse(error, "not a JSON object");
        if (stack_.back().place == Place::items) return refuse(error, "an element of items is not an object");
        if (stack_.back().place == Place::root && key_ == "items" && !has_items) {
            return refuse(error, "items is not an array");
        }
        return true;
    }

    template <class T>
    bool scalar(T value, error_code& error) {
        if (wants_value()) add(stack_.back()) = value;
        text_.clear();
        return check_scalar(error);
    }

    // Room for one more value in the container on top. Of equal keys the last wins.
    json::value& add(Frame const& top) {
        if (top.place == Place::array) return top.value->get_array().emplace_back(nullptr);
        auto& object = top.value ? top.value->get_object() : item_;
        auto const [entry, fresh] = object.emplace(key_, nullptr);
        if (!fresh) entry->value() = nullptr;
        return entry->value();
    }

    Projection projection_;
    ListReader::OnItem on_item_;
    json::object item_;
    std::vector<Frame> stack_;
    std::size_t skipped_ = 0;            // containers we are inside of and do not keep
    Projection const* below_ = nullptr;  // of the key read last
    std::string key_;
    std::string text_;  // a key, string or number that came in parts
};

struct ListReader::Parser {
    static json::parse_options options() {
        json::parse_options options;
        options.max_depth = max_depth;
        return options;
    }

    Parser(Projection projection, OnItem on_item) : parser(options(), std::move(projection), std::move(on_item)) {}

    ListHandler const& handler() const { return parser.handler(); }

    std::unexpected<Error> failure(error_code const& error) const {
        if (handler().refused) return fail(Errc::malformed, "offset {}: {}", offset, handler().refused);
        return fail(Errc::malformed, "offset {}: {}", offset, error.message());
    }

    Result<void> feed(std::string_view piece) {
        error_code error;
        auto const items = handler().items;
        auto const used = parser.write_some(true, piece.data(), piece.size(), error);
        offset += used;
        if (error) return failure(error);
        if (used < piece.size()) return failure(json::error::extra_data);
        if (handler().items != items) item_ended = offset;
        if (offset - item_ended > longest_item) {
            return fail(Errc::too_large, "offset {}: an object is larger than {} bytes", offset, longest_item);
        }
        return {};
    }

    json::basic_parser<ListHandler> parser;
    std::size_t offset = 0;
    std::size_t item_ended = 0;  // the end of the last slice in which an item ended
};

ListReader::ListReader(Projection projection, OnItem on_item)
    : parser_(std::make_unique<Parser>(std::move(projection), std::move(on_item))) {}

ListReader::~ListReader() = default;

Result<void> ListReader::feed(std::string_view piece) {
    Step const step("reading a list");
    while (!piece.empty()) {
        auto fed = parser_->feed(piece.substr(0, slice));
        if (!fed) return pass(fed);
        piece.remove_prefix(std::min(piece.size(), slice));
    }
    return {};
}

Result<void> ListReader::finish() {
    error_code error;
    parser_->parser.write_some(false, nullptr, 0, error);
    if (error) return parser_->failure(error);
    if (!parser_->handler().has_items) {
        return fail(Errc::malformed, "not a Kubernetes list: {} without items",
                    kind().empty() ? std::string("an object") : "a " + kind());
    }
    return {};
}

std::string const& ListReader::resource_version() const {
    return parser_->handler().resource_version;
}

std::string const& ListReader::continue_token() const {
    return parser_->handler().continue_token;
}

std::string const& ListReader::kind() const {
    return parser_->handler().kind;
}

std::size_t ListReader::items() const {
    return parser_->handler().items;
}

}  // namespace vedette::kube
