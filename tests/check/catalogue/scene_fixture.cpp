#include "base/time_format.hpp"
#include "check/catalogue/scene.hpp"

#include <algorithm>

namespace vedette::check {

std::string ago(Duration age) {
    return format_rfc3339(scene_now - age);
}

boost::json::value json(std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return boost::json::parse(text);
}

Outcome Scene::judge() {
    for (auto const& read : type->needs()) {
        auto& slot = snapshot_.listings[read.resource.qualified()];
        if (!slot && !read.optional) slot = read.make();
        if (!slot) snapshot_.listings.erase(read.resource.qualified());
    }
    View const view(snapshot_, params);
    return type->judge(view, params, scene_now);
}

}  // namespace vedette::check
