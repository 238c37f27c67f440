#pragma once
// JSON as a YamlNode, for readers of YAML whose data comes from an API object: one parser, whichever way the text came.

#include "base/yaml.hpp"

#include <boost/json/value.hpp>

#include <string>

namespace vedette {

/// The tree that `value` would be in YAML. Instead of a line, where() says the path to a node: `path` for the value
/// itself, below it "path.with.port" and "path[1]". A key that would make a path hard to read (odd characters, more
/// than 64 bytes) is left out of it, so a path never holds a blank or ": ". `value` is as deep as parsers allow, not
/// deeper.
YamlNode yaml_of_json(boost::json::value const& value, std::string path);

}  // namespace vedette
