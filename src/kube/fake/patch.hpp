#pragma once
// The two patches that change a document by themselves: JSON merge patch (RFC 7386) and JSON patch (RFC 6902).

#include "kube/fake/refusal.hpp"

#include <boost/json.hpp>

namespace vedette::kube::fake {

boost::json::value merge_patch(boost::json::value target, boost::json::value patch);

/// Refuses with 400 what is not a JSON patch, with 422 an operation that does not apply.
Answer<boost::json::value> json_patch(boost::json::value document, boost::json::value const& patch);

}  // namespace vedette::kube::fake
