#pragma once
// Projection: which fields of an object a reader wants. The list reader drops everything else while it parses, so a
// list of 10,000 pods costs the fields that somebody reads.

#include <boost/json.hpp>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace vedette::kube {

/// A set of dotted paths. "status.conditions" keeps the whole subtree; arrays are transparent, so
/// "spec.containers.name" keeps the name of every container. An empty projection keeps nothing; all() everything.
class Projection {
public:
    Projection() = default;
    Projection(std::initializer_list<std::string_view> paths);
    static Projection all();

    void add(std::string_view path);
    void add(Projection const& other);

    bool keeps_all() const { return all_; }
    /// The projection below `field`; null if nothing of it is kept.
    Projection const* below(std::string_view field) const;

    /// Drops from `value` what is not kept: the meaning of a projection, for tests and for single objects.
    boost::json::value apply(boost::json::value const& value) const;

private:
    bool all_ = false;
    std::map<std::string, Projection, std::less<>> fields_;
};

}  // namespace vedette::kube
