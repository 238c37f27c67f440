// The cursor is a family's name and a series' key, never an iterator: between two pieces the registry may change.

#include "telemetry/exposition.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <cmath>

namespace vedette::telemetry {
namespace {

constexpr std::size_t piece_size = 16 * 1024;

enum class Place { help, label };

void add_escaped(std::string& text, std::string_view value, Place place) {
    bool const valid = !find_invalid_utf8(value);
    while (!value.empty()) {
        auto const point = valid ? CodePoint{0, 1, true} : first_code_point(value);
        char const c = value.front();
        if (!point.valid) {
            text += "\xEF\xBF\xBD";
        } else if (c == '\n') {
            text += "\\n";
        } else {
            if (c == '\\' || (c == '"' && place == Place::label)) text += '\\';
            text += value.substr(0, point.length);
        }
        value.remove_prefix(point.length);
    }
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return format_double(value);
}

void add_histogram(std::string& text, std::string_view name, std::string const& labels,
                   metrics::Histogram const& histogram) {
    auto const bucket = [&](std::string const& bound, double count) {
        auto with_bound = labels;
        add_label(with_bound, "le", bound);
        add_sample(text, fmt::format("{}_bucket", name), with_bound, count);
    };
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
        total += histogram.counts()[i];
        bucket(number(histogram.bounds()[i]), static_cast<double>(total));
    }
    auto const count = static_cast<double>(histogram.count());
    bucket("+Inf", count);
    add_sample(text, fmt::format("{}_sum", name), labels, histogram.sum());
    add_sample(text, fmt::format("{}_count", name), labels, count);
}

void add_series(std::string& text, metrics::Definition const& definition, metrics::SeriesView const& series) {
    std::string labels;
    auto const values = series.values();
    for (std::size_t i = 0; i < values.size(); ++i) add_label(labels, definition.labels[i], values[i]);
    if (series.histogram) return add_histogram(text, definition.name, labels, *series.histogram);
    add_sample(text, definition.name, labels, series.value);
}

class StreamedExposition final : public net::Body {
public:
    StreamedExposition(Exposition rest, std::string first) : rest_(rest), first_(std::move(first)) {}

    Task<std::string> read(Deadline) override {
        if (!first_.empty()) co_return std::exchange(first_, {});
        co_return rest_.next(piece_size);
    }

private:
    Exposition rest_;
    std::string first_;
};

}  // namespace

void add_family(std::string& text, std::string_view name, std::string_view help, metrics::Type type) {
    fmt::format_to(std::back_inserter(text), "# HELP {} ", name);
    add_escaped(text, help, Place::help);
    fmt::format_to(std::back_inserter(text), "\n# TYPE {} {}\n", name, metrics::to_string(type));
}

void add_label(std::string& labels, std::string_view name, std::string_view value) {
    if (!labels.empty()) labels += ',';
    labels += name;
    labels += "=\"";
    add_escaped(labels, value, Place::label);
    labels += '"';
}

void add_sample(std::string& text, std::string_view name, std::string_view labels, double value) {
    text += name;
    if (!labels.empty()) {
        text += '{';
        text += labels;
        text += '}';
    }
    text += ' ';
    text += number(value);
    text += '\n';
}

Exposition::Exposition(metrics::Registry& registry) : registry_(registry) {
    registry_.collect();
}

std::string Exposition::next(std::size_t size) {
    std::string text;
    auto const* family = after_ ? registry_.find(family_) : nullptr;
    while (text.size() < size) {
        if (!family) {
            family = registry_.next(family_);
            if (!family) break;
            family_ = family->definition().name;
            after_.reset();
        }
        bool whole = true;
        family->visit(after_, [&](metrics::SeriesView const& series) {
            whole = text.size() < size;
            if (!whole) return false;
            auto const& definition = family->definition();
            if (!after_) add_family(text, definition.name, definition.help, family->type());
            add_series(text, definition, series);
            after_ = std::string(series.key);
            return true;
        });
        if (!whole) break;
        family = nullptr;
    }
    return text;
}

std::string exposition(metrics::Registry& registry) {
    Exposition pieces(registry);
    std::string text;
    for (auto piece = pieces.next(piece_size); !piece.empty(); piece = pieces.next(piece_size)) text += piece;
    return text;
}

std::unique_ptr<net::Body> exposition_body(metrics::Registry& registry) {
    Exposition pieces(registry);
    auto first = pieces.next(piece_size);
    if (first.size() < piece_size) return net::make_body(std::move(first));
    return std::make_unique<StreamedExposition>(pieces, std::move(first));
}

}  // namespace vedette::telemetry
