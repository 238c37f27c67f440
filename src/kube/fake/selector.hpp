#pragma once
// Label and field selectors: parsing and matching, as k8s.io/apimachinery does.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api

#include "kube/fake/kinds.hpp"
#include "kube/fake/refusal.hpp"

#include <boost/json.hpp>

#include <string>
#include <vector>

namespace vedette::kube::fake {

class LabelSelector {
public:
    struct Requirement {
        enum class Operator { in, not_in, exists, does_not_exist };
        std::string key;
        Operator op;
        std::vector<std::string> values;
        bool operator==(Requirement const&) const = default;
    };

    /// Refuses with 400 what is not a selector. The empty text matches everything.
    static Answer<LabelSelector> parse(std::string_view text);

    bool empty() const { return requirements_.empty(); }
    bool matches(boost::json::object const& object) const;
    std::vector<Requirement> const& requirements() const { return requirements_; }

private:
    std::vector<Requirement> requirements_;
};

class FieldSelector {
public:
    /// Refuses with 400 what is not a selector, and fields that the kind does not offer.
    static Answer<FieldSelector> parse(std::string_view text, Kind const& kind);

    bool empty() const { return terms_.empty(); }
    bool matches(boost::json::object const& object) const;

private:
    struct Term {
        SelectableField field;
        std::string value;
        bool equal;
    };
    std::vector<Term> terms_;
};

/// Both selectors of a request.
struct Selection {
    LabelSelector labels;
    FieldSelector fields;

    bool empty() const { return labels.empty() && fields.empty(); }
    bool matches(boost::json::object const& object) const { return labels.matches(object) && fields.matches(object); }
};

/// The value at a dotted path; null if absent.
boost::json::value const* at_path(boost::json::object const& object, std::string_view path);
/// The text at a dotted path; numbers and booleans as JSON spells them; empty if absent.
std::string text_at(boost::json::object const& object, std::string_view path);

}  // namespace vedette::kube::fake
