#pragma once
#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

struct Lease {
    Meta meta;
    std::string holder;
    std::optional<WallTime> renewed;

    static kube::Resource resource();
    static kube::Projection projection();
    static Lease from(boost::json::object const& object);
};

}  // namespace vedette::check
