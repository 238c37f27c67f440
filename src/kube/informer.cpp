#include "kube/informer.hpp"

#include "base/json.hpp"

namespace vedette::kube {

ObjectKey key_of(Object const& object) {
    auto const* const found = object.if_contains("metadata");
    auto const* const metadata = found ? found->if_object() : nullptr;
    if (!metadata) return {};
    auto const ns = get_string(*metadata, "namespace");
    auto name = get_string(*metadata, "name");
    return {ns.empty() ? std::move(name) : ns + "/" + name, get_string(*metadata, "uid"),
            get_string(*metadata, "resourceVersion")};
}

}  // namespace vedette::kube
