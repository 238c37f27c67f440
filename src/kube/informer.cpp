#include "kube/informer.hpp"

#include "base/json.hpp"

namespace vedette::kube {

ObjectKey key_of(Object const& object) {
    auto const ns = get_string(object, "metadata.namespace");
    auto const name = get_string(object, "metadata.name");
    return {ns.empty() ? name : ns + "/" + name, get_string(object, "metadata.uid"),
            get_string(object, "metadata.resourceVersion")};
}

}  // namespace vedette::kube
