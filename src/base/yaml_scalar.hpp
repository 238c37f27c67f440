#pragma once
// What a YAML scalar means: the rules of go-yaml v2 (resolve.go), on which sigs.k8s.io/yaml stands.

#include "base/error.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace vedette {

/// null, bool, int64, uint64, double or string. `tag` as yaml-cpp reports it: "?" plain, "!" quoted, else the tag.
/// Errors, without a place: malformed (the text does not fit its tag, !!binary).
Result<boost::json::value> resolve_yaml_scalar(std::string_view tag, std::string const& text);

/// A scalar as the key of a JSON object; nothing for null and for integers past int64, which Kubernetes refuses.
std::optional<std::string> yaml_key(boost::json::value const& scalar);

}  // namespace vedette
