// A series is kept under one string, its label values each ended by a NUL: that halves what a vector of strings would
// take, sorts as the values do, and makes "all series of this check" a range.

#include "base/metrics.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace vedette::metrics {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr std::string_view printed_by_histograms[] = {"_bucket", "_sum", "_count"};

}  // namespace

std::string_view to_string(Type type) {
    switch (type) {
        case Type::counter:
            return "counter";
        case Type::gauge:
            return "gauge";
        case Type::histogram:
            return "histogram";
    }
    bug("a type of metric has a name");
}

void Histogram::observe(double value) {
    if (std::isnan(value)) return;
    auto const bucket = std::ranges::lower_bound(*bounds_, value) - bounds_->begin();
    ++counts_[static_cast<std::size_t>(bucket)];
    sum_ += value;
}

std::uint64_t Histogram::count() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::string series_key(LabelValues const& values) {
    std::string key;
    for (auto const value : values) {
        std::ranges::remove_copy(value, std::back_inserter(key), '\0');
        key += '\0';
    }
    return key;
}

LabelValues SeriesView::values() const {
    LabelValues values;
    for (auto rest = key; !rest.empty();) {
        auto const end = rest.find('\0');
        values.push_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    return values;
}

std::string AnyFamily::key_of(LabelValues const& values, bool whole) const {
    auto const labels = definition_.labels.size();
    ensure(whole ? values.size() == labels : values.size() <= labels, "a series has one value for each label");
    return series_key(values);
}

std::size_t AnyFamily::index_of(std::string_view label) const {
    auto const found = std::ranges::find(definition_.labels, label);
    ensure(found != definition_.labels.end(), "a family is asked for labels that it has");
    return static_cast<std::size_t>(found - definition_.labels.begin());
}

CollectHook::~CollectHook() {
    if (auto const hooks = hooks_.lock()) hooks->erase(id_);
}

Registry::Registry() : hooks_(std::make_shared<CollectHook::Hooks>()) {}
Registry::~Registry() = default;

Result<void> Registry::check(Type type, Definition const& definition) const {
    auto const& name = definition.name;
    if (!is_metric_name(name)) return fail(Errc::invalid_input, "\"{}\" is no metric name", name);
    for (auto const& label : definition.labels) {
        if (!is_label_name(label) || (type == Type::histogram && label == "le")) {
            return fail(Errc::invalid_input, "metric {}: \"{}\" is no label name", name, label);
        }
        if (std::ranges::count(definition.labels, label) > 1) {
            return fail(Errc::invalid_input, "metric {}: label {} stands twice", name, label);
        }
    }
    bool const ascending = std::ranges::is_sorted(definition.bounds, std::ranges::less_equal{}) &&
                           std::ranges::all_of(definition.bounds, [](double b) { return std::isfinite(b); });
    if (!ascending || (type == Type::histogram) == definition.bounds.empty()) {
        return fail(Errc::invalid_input, "metric {}: a histogram, and nothing else, has ascending bounds", name);
    }
    if (auto const* const there = find(name)) {
        bool const same = there->type() == type && there->definition().labels == definition.labels &&
                          there->definition().bounds == definition.bounds;
        if (same) return {};
        return fail(Errc::conflict, "metric {} is already a {} with labels ({}), so it cannot be a {} with ({})", name,
                    to_string(there->type()), fmt::join(there->definition().labels, ", "), to_string(type),
                    fmt::join(definition.labels, ", "));
    }
    for (auto const suffix : printed_by_histograms) {
        auto const* const owner = name.ends_with(suffix) ? find(name.substr(0, name.size() - suffix.size())) : nullptr;
        if (owner && owner->type() == Type::histogram) {
            return fail(Errc::conflict, "metric {} is printed by the histogram {}", name, owner->definition().name);
        }
        if (type == Type::histogram && find(name + std::string(suffix))) {
            return fail(Errc::conflict, "histogram {} would print the metric {}{}", name, name, suffix);
        }
    }
    return {};
}

void Registry::must(Error const* error) {
    if (error) bug(error->text().c_str());
}

void Registry::add(std::unique_ptr<AnyFamily> family) {
    auto const& definition = family->definition();
    ensure(!find(definition.name), "a family with series of its own has a name of its own");
    auto const checked = check(family->type(), definition);
    must(checked ? nullptr : &checked.error());
    families_[definition.name] = std::move(family);
}

AnyFamily const* Registry::find(std::string_view name) const {
    auto const found = families_.find(name);
    return found == families_.end() ? nullptr : found->second.get();
}

AnyFamily const* Registry::next(std::string_view name) const {
    auto const found = families_.upper_bound(name);
    return found == families_.end() ? nullptr : found->second.get();
}

void Registry::forget(std::string_view name) {
    auto const found = families_.find(name);
    if (found != families_.end()) families_.erase(found);
}

CollectHook Registry::on_collect(std::function<void()> update) {
    hooks_->emplace(++last_hook_, std::move(update));
    return {hooks_, last_hook_};
}

void Registry::collect() {
    for (auto const& [id, update] : *hooks_) update();
}

bool is_metric_name(std::string_view text) {
    if (text.empty() || is_digit(text.front())) return false;
    return std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

bool is_label_name(std::string_view text) {
    return is_metric_name(text) && !text.contains(':') && !text.starts_with("__");
}

}  // namespace vedette::metrics
