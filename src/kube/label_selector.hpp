#pragma once
// Label selectors, as k8s.io/apimachinery/pkg/labels reads them: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`,
// `!a`, `a>1`, `a<1`, joined by commas. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api

#include "base/error.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::kube {

class LabelSelector {
public:
    struct Requirement {
        enum class Operator { in, not_in, exists, does_not_exist, greater, less };
        std::string key;
        Operator op;
        std::vector<std::string> values;  ///< in order, each once
        bool operator==(Requirement const&) const = default;
    };
    /// The value of a label; null if the object has no such label.
    using Lookup = std::function<std::string const*(std::string_view key)>;

    /// Errors: invalid_input, in the words of the API server. The empty text matches everything.
    static Result<LabelSelector> parse(std::string_view text);

    bool empty() const { return requirements_.empty(); }
    bool matches(Lookup const& label) const;
    std::vector<Requirement> const& requirements() const { return requirements_; }

private:
    std::vector<Requirement> requirements_;
};

}  // namespace vedette::kube
