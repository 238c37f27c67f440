#pragma once
// What Kubernetes accepts as a name, a label's key and a label's value, and its words for what it does not accept.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set

#include <string>
#include <string_view>
#include <vector>

namespace vedette::kube {

/// Why `text` is not what the function is named after; empty if it is.
using Faults = std::vector<std::string>;

Faults subdomain_faults(std::string_view text);    ///< RFC 1123: "web.shop.example"
Faults dns_label_faults(std::string_view text);    ///< RFC 1123: "web-1"
Faults label_key_faults(std::string_view text);    ///< "app", "app.kubernetes.io/name"
Faults label_value_faults(std::string_view text);  ///< "web", ""

}  // namespace vedette::kube
