#pragma once
#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

struct Taint {
    std::string key;
    std::string effect;
    std::optional<WallTime> added;
};

struct Node {
    Meta meta;
    bool unschedulable = false;
    std::vector<Taint> taints;
    std::vector<Condition> conditions;

    bool is_control_plane() const;

    static kube::Resource resource();
    static kube::Projection projection();
    static Node from(boost::json::object const& object);
};

}  // namespace vedette::check
