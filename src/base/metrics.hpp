#pragma once
// The in-process registry of counters, gauges and histograms: any layer feeds it, telemetry/exposition.hpp prints it.
// Names, types and buckets as Prometheus has them: https://prometheus.io/docs/concepts/metric_types/
//
// Threads: one reactor. Families and series come in the order of their names and label values, always.

#include "base/error.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::metrics {

enum class Type { counter, gauge, histogram };
/// As Prometheus' text format spells it.
std::string_view to_string(Type type);

class Counter {
public:
    static constexpr Type type = Type::counter;
    /// Only upwards: another amount is ignored.
    void add(double amount = 1) {
        if (amount > 0) value_ += amount;
    }
    /// For totals that somebody else counts; a smaller one is ignored.
    void raise_to(double total) {
        if (total > value_) value_ = total;
    }
    double value() const { return value_; }

private:
    double value_ = 0;
};

class Gauge {
public:
    static constexpr Type type = Type::gauge;
    void set(double value) { value_ = value; }
    void add(double amount) { value_ += amount; }
    double value() const { return value_; }

private:
    double value_ = 0;
};

class Histogram {
public:
    static constexpr Type type = Type::histogram;
    /// `bounds` outlives it.
    explicit Histogram(std::vector<double> const& bounds) : bounds_(&bounds), counts_(bounds.size() + 1) {}

    /// A value equal to a bound counts below it. NaN is ignored.
    void observe(double value);

    std::vector<double> const& bounds() const { return *bounds_; }
    /// Per bucket, not cumulative; the last one is of what is past all bounds.
    std::vector<std::uint64_t> const& counts() const { return counts_; }
    std::uint64_t count() const;
    double sum() const { return sum_; }

private:
    std::vector<double> const* bounds_;
    std::vector<std::uint64_t> counts_;
    double sum_ = 0;
};

struct Definition {
    std::string name;
    std::string help;
    std::vector<std::string> labels = {};  ///< label names; a family without has one series
    std::vector<double> bounds = {};       ///< of a histogram: upper bounds, ascending, +Inf left out
};

/// In the order of the definition's labels. NUL bytes in them are left out.
using LabelValues = std::vector<std::string_view>;
/// All of them in one text that sorts as they do: each ended by a NUL.
std::string series_key(LabelValues const& values);

/// One series as it is printed: `key` says which, to go on from; `histogram` is null for the other types. Good until
/// whoever sees it returns.
struct SeriesView {
    std::string_view key;
    double value = 0;
    Histogram const* histogram = nullptr;

    LabelValues values() const;
};

class AnyFamily {
public:
    AnyFamily(Type type, Definition definition) : type_(type), definition_(std::move(definition)) {}
    virtual ~AnyFamily() = default;
    AnyFamily(AnyFamily const&) = delete;
    AnyFamily& operator=(AnyFamily const&) = delete;

    Type type() const { return type_; }
    Definition const& definition() const { return definition_; }
    virtual std::size_t size() const = 0;
    /// Shows the series past `after`, all without it, until `see` says false. `see` changes no family.
    virtual void visit(std::optional<std::string> const& after,
                       std::function<bool(SeriesView const&)> const& see) const = 0;

protected:
    /// Aborts when there are more values than labels, or fewer and `whole`.
    std::string key_of(LabelValues const& values, bool whole) const;
    std::size_t index_of(std::string_view label) const;

private:
    Type type_;
    Definition definition_;
};

template <class Metric>
class Family final : public AnyFamily {
public:
    explicit Family(Definition definition) : AnyFamily(Metric::type, std::move(definition)) {
        if (this->definition().labels.empty()) with({});
    }

    /// The series with these label values, new ones at zero. The reference is good until the series is removed: on a
    /// hot path keep it.
    Metric& with(LabelValues const& values) {
        if constexpr (Metric::type == Type::histogram) {
            return series_.try_emplace(key_of(values, true), definition().bounds).first->second;
        } else {
            return series_[key_of(values, true)];
        }
    }
    /// The series of a family without labels.
    Metric& only() { return with({}); }
    Metric const* find(LabelValues const& values) const {
        auto const found = series_.find(key_of(values, true));
        return found == series_.end() ? nullptr : &found->second;
    }

    bool remove(LabelValues const& values) { return series_.erase(key_of(values, true)) > 0; }
    /// Removes the series that begin with these label values; how many those were.
    std::size_t remove_starting(LabelValues const& values) {
        auto const prefix = key_of(values, false);
        auto const first = series_.lower_bound(prefix);
        auto last = first;
        std::size_t removed = 0;
        for (; last != series_.end() && last->first.starts_with(prefix); ++last) ++removed;
        series_.erase(first, last);
        return removed;
    }
    /// Removes the series where `label` has that value, looking at each; how many those were.
    std::size_t remove_matching(std::string_view label, std::string_view value) {
        auto const index = index_of(label);
        return std::erase_if(series_, [&](auto const& one) { return SeriesView{one.first}.values()[index] == value; });
    }

    std::size_t size() const override { return series_.size(); }
    void visit(std::optional<std::string> const& after,
               std::function<bool(SeriesView const&)> const& see) const override {
        for (auto it = after ? series_.upper_bound(*after) : series_.begin(); it != series_.end(); ++it) {
            if constexpr (Metric::type == Type::histogram) {
                if (!see({it->first, 0, &it->second})) return;
            } else {
                if (!see({it->first, it->second.value(), nullptr})) return;
            }
        }
    }

private:
    std::map<std::string, Metric> series_;
};

/// Ends what Registry::on_collect began.
class [[nodiscard]] CollectHook {
public:
    using Hooks = std::map<std::uint64_t, std::function<void()>>;

    CollectHook() = default;
    CollectHook(std::shared_ptr<Hooks> const& hooks, std::uint64_t id) : hooks_(hooks), id_(id) {}
    CollectHook(CollectHook&& other) noexcept : hooks_(std::exchange(other.hooks_, {})), id_(other.id_) {}
    CollectHook& operator=(CollectHook&& other) noexcept {
        std::swap(hooks_, other.hooks_);
        std::swap(id_, other.id_);
        return *this;
    }
    ~CollectHook();

private:
    std::weak_ptr<Hooks> hooks_;
    std::uint64_t id_ = 0;
};

class Registry {
public:
    Registry();
    ~Registry();
    Registry(Registry const&) = delete;
    Registry& operator=(Registry const&) = delete;

    /// A family that our own code names: a definition that cannot be, or one that clashes, is a bug. Declare these
    /// at start, before names from outside come in. Declared twice it is the same family.
    template <class Metric>
    Family<Metric>& declare(Definition definition) {
        auto declared = try_declare<Metric>(std::move(definition));
        must(declared ? nullptr : &declared.error());
        return **declared;
    }

    /// A family whose name comes from outside. Who comes first settles the help, type, labels and bounds: with
    /// another help it is the same family, and definition() shows the help that stands.
    /// Errors: invalid_input (no legal name, label or bounds), conflict (the name has another type, labels or bounds,
    /// or is one that a histogram prints, such as x_count; or its family came by add()).
    template <class Metric>
    Result<Family<Metric>*> try_declare(Definition definition) {
        auto const checked = check(Metric::type, definition);
        if (!checked) return std::unexpected(checked.error());
        auto& place = families_[definition.name];
        if (!place) place = std::make_unique<Family<Metric>>(std::move(definition));
        auto* const family = dynamic_cast<Family<Metric>*>(place.get());
        if (!family)
            return fail(Errc::conflict, "the series of metric {} are kept by another", place->definition().name);
        return family;
    }
    /// A family that keeps its series in a form of its own. Its name must be new; else as with declare().
    void add(std::unique_ptr<AnyFamily> family);

    AnyFamily const* find(std::string_view name) const;
    /// The family after that name, the first one for the empty name; null at the end.
    AnyFamily const* next(std::string_view name) const;
    /// Drops a family with its series; references to it are dead.
    void forget(std::string_view name);

    /// Calls `update` before each scrape, for values that nobody keeps current; in the order of the calls to this.
    /// It must not take long, since the reactor waits for it. The hook may outlive the registry.
    CollectHook on_collect(std::function<void()> update);
    /// A scrape begins.
    void collect();

private:
    Result<void> check(Type type, Definition const& definition) const;
    static void must(Error const* error);

    std::map<std::string, std::unique_ptr<AnyFamily>, std::less<>> families_;
    std::shared_ptr<CollectHook::Hooks> hooks_;
    std::uint64_t last_hook_ = 0;
};

/// [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_metric_name(std::string_view text);
/// [a-zA-Z_][a-zA-Z0-9_]*, and no two underscores in front, which Prometheus keeps to itself.
bool is_label_name(std::string_view text);

}  // namespace vedette::metrics
