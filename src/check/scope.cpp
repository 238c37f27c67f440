// A selector is text in a suite; it is parsed here once per judgement, not once per object.

#include "check/scope.hpp"

#include "base/ensure.hpp"
#include "base/glob.hpp"

#include <algorithm>

namespace vedette::check {
namespace {

bool any_matches(std::vector<std::string> const& patterns, std::string_view text) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](std::string const& pattern) { return glob_match(pattern, text); });
}

}  // namespace

Scope::Scope(Params const& params) : params_(params) {
    if (params.selector.empty()) return;
    auto selector = kube::LabelSelector::parse(params.selector);
    ensure(selector.has_value(), "a selector was checked when the suite was read");
    selector_ = std::move(*selector);
}

bool Scope::covers(Meta const& meta, bool namespaced) const {
    if (namespaced && !params_.namespaces.empty() && !any_matches(params_.namespaces, meta.ns)) return false;
    if (!params_.exclude.empty()) {
        auto const full = namespaced ? meta.ns + "/" + meta.name : meta.name;
        if (any_matches(params_.exclude, full)) return false;
    }
    return !selector_ || selector_->matches([&meta](std::string_view key) { return meta.label(key); });
}

}  // namespace vedette::check
