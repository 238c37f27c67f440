#include "check/instance.hpp"

namespace vedette::check {

boost::json::object default_with(CheckType const& type) {
    boost::json::object with;
    for (auto const& spec : type.with) {
        if (!spec.fallback.empty()) with[spec.name] = boost::json::parse(spec.fallback);
    }
    return with;
}

Instance default_instance(CheckType const& type) {
    Instance instance;
    instance.type = &type;
    instance.identity = {std::string(type.name), std::string(type.name), std::string(type.group), "kubernetes"};
    instance.id = "built-in/" + instance.identity.name;
    instance.params.timeout = type.timeout;
    instance.params.min_age = type.min_age;
    instance.params.with = default_with(type);
    return instance;
}

}  // namespace vedette::check
