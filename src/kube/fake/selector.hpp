#pragma once
// Which objects a request chooses: label selectors as everywhere (kube/label_selector.hpp), and field selectors, which
// only a server knows how to read. https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/

#include "kube/fake/kinds.hpp"
#include "kube/fake/refusal.hpp"
#include "kube/label_selector.hpp"

#include <boost/json.hpp>

#include <string>
#include <vector>

namespace vedette::kube::fake {

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

/// Refuses with 400 what is not a selector.
Answer<LabelSelector> parse_labels(std::string_view text);
bool matches(LabelSelector const& selector, boost::json::object const& object);

/// Both selectors of a request.
struct Selection {
    LabelSelector labels;
    FieldSelector fields;

    bool empty() const { return labels.empty() && fields.empty(); }
    bool matches(boost::json::object const& object) const {
        return fake::matches(labels, object) && fields.matches(object);
    }
};

/// The value at a dotted path; null if absent.
boost::json::value const* at_path(boost::json::object const& object, std::string_view path);
/// The text at a dotted path; numbers and booleans as JSON spells them; empty if absent.
std::string text_at(boost::json::object const& object, std::string_view path);

}  // namespace vedette::kube::fake
