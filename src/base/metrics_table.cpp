// A row's values grow with its highest slot, so what few rows have costs the others nothing as long as its slots are
// the later ones. A series' key is put together as it is shown: the row's, then that of the further labels, which is
// the order in which a Family would have them.

#include "base/metrics_table.hpp"

#include "base/ensure.hpp"

#include <algorithm>

namespace vedette::metrics {
namespace {

constexpr std::uint32_t grown_at_once = 8;

// Where `key` shows the labels that are not the row's.
std::size_t end_of_row(std::string_view key, std::size_t row_labels) {
    std::size_t end = 0;
    for (; row_labels > 0; --row_labels) end = key.find('\0', end) + 1;
    return end;
}

}  // namespace

// --- cells --------------------------------------------------------------------------------------------------------

void Table::Cell::begin() {
    if (cells_.there >> slot_ & 1) return;
    if (slot_ >= cells_.capacity) {
        auto const capacity = (static_cast<std::uint32_t>(slot_) / grown_at_once + 1) * grown_at_once;
        auto values = std::make_unique<double[]>(capacity);
        std::copy_n(cells_.values.get(), cells_.capacity, values.get());
        cells_.values = std::move(values);
        cells_.capacity = capacity;
    }
    cells_.values[slot_] = 0;
    cells_.there |= std::uint64_t{1} << slot_;
}

void Table::Cell::add(double amount) {
    begin();
    if (type_ == Type::gauge || amount > 0) cells_.values[slot_] += amount;
}

void Table::Cell::set(double value) {
    begin();
    cells_.values[slot_] = value;
}

// --- columns ------------------------------------------------------------------------------------------------------

Table::Cell Table::Column::in(Row row, LabelValues const& further) {
    ensure(table_.labels_.size() + further.size() == definition().labels.size(),
           "a series has one value for each label");
    auto const [slot, is_new] = slots_.try_emplace(series_key(further), table_.slots_);
    if (is_new) ensure(++table_.slots_ <= most_slots, "a table has a slot for each series that a row may have");
    return {row.row_->second, slot->second, type()};
}

void Table::Column::clear(Row row) {
    for (auto const& [further, slot] : slots_) row.row_->second.there &= ~(std::uint64_t{1} << slot);
}

std::size_t Table::Column::size() const {
    std::size_t series = 0;
    visit({}, [&](SeriesView const&) {
        ++series;
        return true;
    });
    return series;
}

void Table::Column::visit(std::optional<std::string> const& after,
                          std::function<bool(SeriesView const&)> const& see) const {
    if (slots_.empty()) return;
    auto const& rows = table_.rows_;
    auto const first = after ? after->substr(0, end_of_row(*after, table_.labels_.size())) : std::string();
    std::string key;
    for (auto row = rows.lower_bound(first); row != rows.end(); ++row) {
        bool const goes_on = after && row->first == first;
        for (auto const& [further, slot] : slots_) {
            if (!(row->second.there >> slot & 1)) continue;
            key.assign(row->first).append(further);
            if (goes_on && key <= *after) continue;
            if (!see({key, row->second.values[slot], nullptr})) return;
        }
    }
}

// --- the table ----------------------------------------------------------------------------------------------------

Table::Table(Registry& registry, std::vector<std::string> labels) : registry_(registry), labels_(std::move(labels)) {}

Table::~Table() {
    for (auto const& name : families_) registry_.forget(name);
}

Table::Column& Table::declare(Type type, Definition further) {
    ensure(type != Type::histogram, "a table has counters and gauges");
    auto name = further.name;
    further.labels.insert(further.labels.begin(), labels_.begin(), labels_.end());
    auto column = std::unique_ptr<Column>(new Column(*this, type, std::move(further)));
    auto& declared = *column;
    registry_.add(std::move(column));
    families_.push_back(std::move(name));
    return declared;
}

Table::Row Table::claim(LabelValues const& values) {
    ensure(values.size() == labels_.size(), "a row has one value for each of its labels");
    auto& row = *rows_.try_emplace(series_key(values)).first;
    ++row.second.owners;
    return Row(row);
}

bool Table::release(Row row) {
    if (--row.row_->second.owners > 0) return false;
    rows_.erase(rows_.find(row.row_->first));
    return true;
}

}  // namespace vedette::metrics
