#include "check/snapshot.hpp"

#include "base/glob.hpp"
#include "kube/label_selector.hpp"

#include <algorithm>

namespace vedette::check {
namespace {

bool any_matches(std::vector<std::string> const& patterns, std::string_view text) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](std::string const& pattern) { return glob_match(pattern, text); });
}

}  // namespace

bool in_scope(Meta const& meta, bool namespaced, Params const& params) {
    if (namespaced && !params.namespaces.empty() && !any_matches(params.namespaces, meta.ns)) return false;
    if (!params.exclude.empty()) {
        auto const full = namespaced ? meta.ns + "/" + meta.name : meta.name;
        if (any_matches(params.exclude, full)) return false;
    }
    if (params.selector.empty()) return true;
    auto const selector = kube::LabelSelector::parse(params.selector);
    ensure(selector.has_value(), "a selector was checked when the suite was read");
    return selector->matches([&meta](std::string_view key) { return meta.label(key); });
}

}  // namespace vedette::check
