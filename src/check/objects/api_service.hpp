#pragma once
#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

struct ApiService {
    Meta meta;
    std::string service;  ///< "kube-system/metrics-server"; "" if the API server itself answers
    std::vector<Condition> conditions;

    static kube::Resource resource();
    static kube::Projection projection();
    static ApiService from(boost::json::object const& object);
};

}  // namespace vedette::check
