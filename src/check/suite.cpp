#include "check/suite.hpp"

#include "check/suite_reader.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

namespace vedette::check {
namespace {

constexpr std::size_t suite_limit = 1u << 20;
constexpr std::size_t include_depth = 16;
constexpr std::size_t include_count = 1000;  // files, however they include one another

std::string directory_of(std::string const& path) {
    auto const slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

// One spelling per file, so that a suite that includes itself is recognized as one.
std::string normal_path(std::string const& path) {
    return std::filesystem::path(path).lexically_normal().string();
}

std::string stem_of(std::string const& path) {
    auto name = path.substr(directory_of(path).size());
    return name.substr(0, name.rfind('.'));
}

class Loader {
public:
    Loader(Files& files, Environment const& environment) : files_(files), environment_(environment) {}

    Result<void> load(std::string const& path, std::vector<std::string> trail);
    Suite take() { return std::move(suite_); }

private:
    Result<std::string> read(std::string const& path);
    Result<void> include(YamlNode const& list, std::string const& path, std::vector<std::string> const& trail);
    Result<void> add(YamlNode const& node, YamlNode const* defaults);

    Files& files_;
    Environment const& environment_;
    Suite suite_;
    std::size_t files_read_ = 0;
    std::map<std::string, std::string> where_;  ///< name of a check -> where it was given
};

Result<std::string> Loader::read(std::string const& path) {
    auto text = files_.read(path, suite_limit);
    if (!text && text.error().code() == Errc::too_large) {
        return fail(Errc::too_large, "suite {}: larger than {} MiB; is it a suite?", path, suite_limit >> 20);
    }
    if (!text) return fail(text.error().code(), "suite {}", text.error().text());
    return text;
}

Result<void> Loader::load(std::string const& path, std::vector<std::string> trail) {
    if (std::find(trail.begin(), trail.end(), path) != trail.end()) {
        return fail(Errc::invalid_input, "{}: the suite includes itself", path);
    }
    if (trail.size() >= include_depth) {
        return fail(Errc::too_large, "{}: suites include one another more than {} deep", path, include_depth);
    }
    if (++files_read_ > include_count) {
        return fail(Errc::too_large, "{}: the suite includes more than {} files", path, include_count);
    }
    trail.push_back(path);
    auto const text = read(path);
    if (!text) return std::unexpected(text.error());
    auto root = parse_yaml(*text, path, suite_limit);
    if (!root) return pass(root);
    if (root->is_null()) return fail(Errc::invalid_input, "{}: the suite is empty; it needs `checks:`", path);
    static std::vector<std::string> const keys = {"name", "include", "defaults", "checks"};
    if (auto known = only_known_keys(*root, keys, "key of a suite"); !known) return known;
    if (auto done = substitute(*root, environment_); !done) return done;

    if (auto const* name = root->find("name"); name && trail.size() == 1) {
        if (!name->if_string()) return fail(Errc::invalid_input, "{}: name must be a string", name->where());
        suite_.name = *name->if_string();
    }
    if (suite_.name.empty()) suite_.name = stem_of(path);
    auto const* defaults = root->find("defaults");
    if (defaults) {
        if (auto right = check_defaults(*defaults); !right) return right;
    }
    if (auto const* list = root->find("include")) {
        if (auto included = include(*list, path, trail); !included) return included;
    }
    auto const* checks = root->find("checks");
    if (!checks) {
        if (root->find("include")) return {};
        return fail(Errc::invalid_input, "{}: the suite has no `checks:`", path);
    }
    if (!checks->is_sequence()) return fail(Errc::invalid_input, "{}: checks must be a list", checks->where());
    for (auto const& node : checks->items) {
        if (auto added = add(node, defaults); !added) return added;
    }
    return {};
}

Result<void> Loader::include(YamlNode const& list, std::string const& path, std::vector<std::string> const& trail) {
    if (!list.is_sequence()) return fail(Errc::invalid_input, "{}: include must be a list of files", list.where());
    for (auto const& item : list.items) {
        auto const file = item.if_string();
        if (!file) return fail(Errc::invalid_input, "{}: each of include must be a file name", item.where());
        auto const full =
            normal_path(file->starts_with('/') ? std::string(*file) : directory_of(path) + std::string(*file));
        auto loaded = load(full, trail);
        if (!loaded) return pass(loaded, fmt::format("{}: include", item.where()));
    }
    return {};
}

Result<void> Loader::add(YamlNode const& node, YamlNode const* defaults) {
    auto instance = read_instance(node, defaults, suite_.name);
    if (!instance) return pass(instance);
    auto const [found, is_new] = where_.emplace(instance->identity.name, node.where());
    if (!is_new) {
        return fail(Errc::invalid_input, "{}: the name \"{}\" is taken by the check at {}", node.where(),
                    instance->identity.name, found->second);
    }
    suite_.checks.push_back(std::move(*instance));
    return {};
}

}  // namespace

Suite built_in_suite() {
    Suite suite{.name = "built-in"};
    for (auto const* type : all_check_types()) {
        if (type->built_in) suite.checks.push_back(default_instance(*type));
    }
    return suite;
}

Result<Suite> load_suite(std::string const& path, Files& files, Environment const& environment) {
    Loader loader(files, environment);
    auto loaded = loader.load(normal_path(path), {});
    if (!loaded) return pass(loaded);
    return loader.take();
}

Result<void> check_parameters(std::vector<Instance> const& instances) {
    for (auto const& instance : instances) {
        auto const* type = instance.type;
        auto const why = type->bad_parameter ? type->bad_parameter(instance.params) : std::string();
        if (!why.empty()) return fail(Errc::invalid_input, "check {}: {}", instance.id, why);
    }
    return {};
}

}  // namespace vedette::check
