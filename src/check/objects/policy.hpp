#pragma once
// ResourceQuota and Namespace.

#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

struct QuotaLine {
    std::string resource;  ///< "requests.cpu"
    std::string used;      ///< quantities, as written
    std::string hard;
};

struct ResourceQuota {
    Meta meta;
    std::vector<QuotaLine> lines;

    static kube::Resource resource();
    static kube::Projection projection();
    static ResourceQuota from(boost::json::object const& object);
};

struct Namespace {
    Meta meta;
    std::string phase;
    std::vector<Condition> conditions;

    static kube::Resource resource();
    static kube::Projection projection();
    static Namespace from(boost::json::object const& object);
};

}  // namespace vedette::check
