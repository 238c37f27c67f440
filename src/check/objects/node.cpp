#include "check/objects/node.hpp"

#include "base/json.hpp"

namespace vedette::check {

bool Node::is_control_plane() const {
    return meta.label("node-role.kubernetes.io/control-plane") || meta.label("node-role.kubernetes.io/master");
}

kube::Resource Node::resource() {
    return {"", "v1", "nodes", "Node", false};
}

kube::Projection Node::projection() {
    kube::Projection fields(meta_paths);
    for (auto const* path :
         {"spec.unschedulable", "spec.taints", "status.conditions", "status.nodeInfo.kubeletVersion"}) {
        fields.add(path);
    }
    return fields;
}

Node Node::from(boost::json::object const& object) {
    Node node;
    node.meta = Meta::from(object);
    node.unschedulable = get_bool(object, "spec.unschedulable", false);
    if (auto const* taints = find(object, "spec.taints"); taints && taints->is_array()) {
        for (auto const& item : taints->get_array()) {
            if (!item.is_object()) continue;
            node.taints.push_back(
                {get_string(item, "key"), get_string(item, "effect"), time_at(item.get_object(), "timeAdded")});
        }
    }
    node.conditions = conditions_of(object);
    return node;
}

}  // namespace vedette::check
