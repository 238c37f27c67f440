#pragma once
// Table: the series of many like things, such as thousands of HealthChecks. A thing is a row, and each series of it
// 8 bytes there; in a Family a series takes some 130, nearly all of them for its labels. To the registry, and so on the
// page, a column is a family like any other.

#include "base/metrics.hpp"

namespace vedette::metrics {

/// Threads: one reactor. Lifetime: the registry outlives it; its families go with it.
class Table {
    struct Cells {
        std::uint64_t there = 0;  // a bit for each slot
        std::uint32_t owners = 0;
        std::uint32_t capacity = 0;
        std::unique_ptr<double[]> values;
    };
    using Rows = std::map<std::string, Cells, std::less<>>;

public:
    /// Of all columns together: so many series a row can have.
    static constexpr std::size_t most_slots = 64;

    /// A handle, good until the row has no owner any more.
    class Row {
    public:
        Row() = default;
        LabelValues labels() const { return SeriesView{row_->first}.values(); }
        auto operator<=>(Row const&) const = default;

    private:
        friend Table;
        explicit Row(Rows::value_type& row) : row_(&row) {}
        Rows::value_type* row_ = nullptr;
    };

    /// One series of a row, there or not. A handle: do not keep it.
    class Cell {
    public:
        void begin();  ///< at zero, unless it is there
        /// It begins with that, unless it is there. To a counter only upwards: another amount is ignored.
        void add(double amount = 1);
        void set(double value);

    private:
        friend Table;
        Cell(Cells& cells, std::size_t slot, Type type) : cells_(cells), slot_(slot), type_(type) {}
        Cells& cells_;
        std::size_t slot_;
        Type type_;
    };

    /// A family of the registry: in each row one series, or several by further labels.
    class Column final : public AnyFamily {
    public:
        /// The series with these values of the labels that are not the row's.
        Cell in(Row row, LabelValues const& further = {});
        /// Removes all that the row has of this family.
        void clear(Row row);

        std::size_t size() const override;
        void visit(std::optional<std::string> const& after,
                   std::function<bool(SeriesView const&)> const& see) const override;

    private:
        friend Table;
        Column(Table& table, Type type, Definition definition)
            : AnyFamily(type, std::move(definition)), table_(table) {}

        Table& table_;
        std::map<std::string, std::size_t, std::less<>> slots_;  // by the key of the further labels
    };

    /// `labels`: those that tell rows apart, the first ones of every series.
    Table(Registry& registry, std::vector<std::string> labels);
    ~Table();
    Table(Table const&) = delete;
    Table& operator=(Table const&) = delete;

    /// Counters or gauges; `further.labels` are those beside the row's. As with Registry::declare(), a definition that
    /// cannot be or clashes is a bug.
    Column& declare(Type type, Definition further);

    /// The row with these values of the labels, which has one owner more; a new one has no series.
    Row claim(LabelValues const& values);
    /// One owner less: with the last one the row goes. Whether it was the last.
    bool release(Row row);

private:
    Registry& registry_;
    std::vector<std::string> labels_;
    std::vector<std::string> families_;
    Rows rows_;
    std::size_t slots_ = 0;
};

}  // namespace vedette::metrics
