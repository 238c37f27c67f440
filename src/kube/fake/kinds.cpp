#include "kube/fake/kinds.hpp"

#include <algorithm>

namespace vedette::kube::fake {

Kinds::Kinds() : kinds_(built_in_kinds()) {}

void Kinds::add(Kind kind) {
    auto const same = std::ranges::find_if(kinds_, [&](Kind const& other) {
        auto const& a = other.resource();
        auto const& b = kind.resource();
        return a.group == b.group && a.version == b.version && a.plural == b.plural;
    });
    if (same != kinds_.end()) {
        *same = std::move(kind);
    } else {
        kinds_.push_back(std::move(kind));
    }
}

Kind const* Kinds::find(std::string_view group, std::string_view version, std::string_view plural) const {
    auto const found = std::ranges::find_if(kinds_, [&](Kind const& kind) {
        auto const& resource = kind.resource();
        return resource.group == group && resource.version == version && resource.plural == plural;
    });
    return found == kinds_.end() ? nullptr : &*found;
}

Kind const* Kinds::by_kind(std::string_view api_version, std::string_view kind) const {
    auto const found = std::ranges::find_if(kinds_, [&](Kind const& other) {
        return other.resource().kind == kind && other.resource().api_version() == api_version;
    });
    return found == kinds_.end() ? nullptr : &*found;
}

Kind const* Kinds::by_collection(std::string_view collection) const {
    auto const found = std::ranges::find_if(kinds_, [&](Kind const& kind) { return kind.collection() == collection; });
    return found == kinds_.end() ? nullptr : &*found;
}

bool Kinds::serves(std::string_view group, std::string_view version) const {
    return std::ranges::any_of(
        kinds_, [&](Kind const& kind) { return kind.resource().group == group && kind.resource().version == version; });
}

std::map<std::string, std::vector<std::string>> Kinds::groups() const {
    std::map<std::string, std::vector<std::string>> groups;
    for (auto const& kind : kinds_) {
        auto& versions = groups[kind.resource().group];
        if (std::ranges::find(versions, kind.resource().version) == versions.end()) {
            versions.push_back(kind.resource().version);
        }
    }
    return groups;
}

std::vector<Kind const*> Kinds::of(std::string_view group, std::string_view version) const {
    std::vector<Kind const*> found;
    for (auto const& kind : kinds_) {
        if (kind.resource().group == group && kind.resource().version == version) found.push_back(&kind);
    }
    return found;
}

}  // namespace vedette::kube::fake
