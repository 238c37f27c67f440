// A projection is a trie of field names; a leaf keeps everything below it.

#include "kube/projection.hpp"

namespace vedette::kube {
namespace {

namespace json = boost::json;

bool is_container(json::value const& value) {
    return value.is_object() || value.is_array();
}

}  // namespace

Projection::Projection(std::initializer_list<std::string_view> paths) {
    for (auto const path : paths) add(path);
}

Projection Projection::all() {
    Projection everything;
    everything.all_ = true;
    return everything;
}

void Projection::add(std::string_view path) {
    if (all_) return;
    if (path.empty()) {
        all_ = true;
        fields_.clear();
        return;
    }
    auto const dot = path.find('.');
    auto& child = fields_[std::string(path.substr(0, dot))];
    child.add(dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1));
}

void Projection::add(Projection const& other) {
    if (all_) return;
    if (other.all_) {
        all_ = true;
        fields_.clear();
        return;
    }
    for (auto const& [field, child] : other.fields_) fields_[field].add(child);
}

Projection const* Projection::below(std::string_view field) const {
    if (all_) return this;
    auto const found = fields_.find(field);
    return found == fields_.end() ? nullptr : &found->second;
}

json::value Projection::apply(json::value const& value) const {
    if (all_) return value;
    if (auto const* object = value.if_object()) {
        json::object kept;
        for (auto const& [key, field] : *object) {
            auto const* child = below(std::string_view(key.data(), key.size()));
            if (child && (child->all_ || is_container(field))) kept[key] = child->apply(field);
        }
        return kept;
    }
    if (auto const* array = value.if_array()) {
        json::array kept;
        for (auto const& element : *array) {
            if (is_container(element)) kept.push_back(apply(element));
        }
        return kept;
    }
    return nullptr;
}

}  // namespace vedette::kube
