#include "check/suite_reader.hpp"

#include "base/duration.hpp"
#include "base/suggest.hpp"
#include "kube/label_selector.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::check {
namespace {

template <class... Args>
std::unexpected<Error> wrong(YamlNode const& node, fmt::format_string<Args...> format, Args&&... args) {
    return fail(Errc::invalid_input, "{}: {}", node.where(), fmt::format(format, std::forward<Args>(args)...));
}

Result<std::string> text_of(YamlNode const& node, std::string_view key) {
    if (auto const text = node.if_string()) return std::string(*text);
    return wrong(node, "{} must be a string, not {}", key, to_string(node.kind));
}

Result<std::vector<std::string>> texts_of(YamlNode const& node, std::string_view key) {
    if (!node.is_sequence()) return wrong(node, "{} must be a list of strings, not {}", key, to_string(node.kind));
    std::vector<std::string> texts;
    for (auto const& item : node.items) {
        auto text = text_of(item, fmt::format("each of {}", key));
        if (!text) return pass(text);
        texts.push_back(std::move(*text));
    }
    return texts;
}

Result<Duration> duration_of(YamlNode const& node, std::string_view key) {
    auto const text = node.if_string();
    if (!text) return wrong(node, "{} must be a duration such as 30s, not {}", key, to_string(node.kind));
    auto const duration = parse_duration(*text);
    if (!duration) return wrong(node, "{}: {}", key, duration.error().text());
    return *duration;
}

// "port must be a whole number, not a string". What a variable holds is not repeated: it may be a secret.
std::unexpected<Error> wrong_kind(YamlNode const& node, std::string_view key, std::string_view wanted) {
    auto const found = node.resolved();
    return wrong(node, "{} must be {}, not {}{}", key, wanted, to_string(found.kind),
                 node.untyped ? ", which is what the environment gives" : "");
}

Result<bool> flag_of(YamlNode const& node, std::string_view key) {
    if (auto const flag = node.resolved().if_bool()) return *flag;
    return wrong_kind(node, key, "true or false");
}

Result<std::int64_t> integer_of(YamlNode const& node, std::string_view key, std::int64_t least, std::int64_t most) {
    auto const number = node.resolved().if_int();
    if (!number) return wrong_kind(node, key, "a whole number");
    if (*number < least || *number > most) return wrong(node, "{} must be from {} to {}", key, least, most);
    return *number;
}

template <class T>
Result<void> store(Result<T> read, auto& into) {
    if (!read) return pass(read);
    into = static_cast<std::remove_reference_t<decltype(into)>>(std::move(*read));
    return {};
}

Result<void> read_severity(YamlNode const& node, Params& params) {
    auto const text = text_of(node, "severity");
    if (text && *text == "critical")
        params.severity = Status::critical;
    else if (text && *text == "warning")
        params.severity = Status::warning;
    else
        return wrong(node, "severity must be warning or critical");
    return {};
}

Result<void> read_selector(YamlNode const& node, Params& params) {
    auto const stored = store(text_of(node, "selector"), params.selector);
    if (!stored) return stored;
    auto const selector = kube::LabelSelector::parse(params.selector);
    if (!selector) {
        return wrong(node, "\"{}\" is not a label selector: {}", params.selector, selector.error().text());
    }
    return {};
}

Result<void> read_labels(YamlNode const& node, Params& params) {
    if (!node.is_mapping()) return wrong(node, "labels must be a mapping of strings, not {}", to_string(node.kind));
    for (auto const& entry : node.entries) {
        auto text = text_of(entry.value, entry.key);
        if (!text) return pass(text);
        params.labels.emplace_back(entry.key, std::move(*text));
    }
    return {};
}

Result<void> read_common(std::string_view key, YamlNode const& node, Params& params) {
    if (key == "namespaces") return store(texts_of(node, key), params.namespaces);
    if (key == "exclude") return store(texts_of(node, key), params.exclude);
    if (key == "selector") return read_selector(node, params);
    if (key == "timeout") {
        auto stored = store(duration_of(node, key), params.timeout);
        if (stored && params.timeout <= Duration::zero()) return wrong(node, "timeout must be longer than 0s");
        return stored;
    }
    if (key == "min_age") return store(duration_of(node, key), params.min_age);
    if (key == "strict") return store(flag_of(node, key), params.strict);
    if (key == "severity") return read_severity(node, params);
    if (key == "retries") return store(integer_of(node, key, 0, 10), params.retries);
    if (key == "max_failures_listed") return store(integer_of(node, key, 0, 10'000), params.max_failures_listed);
    if (key == "skip_if") return store(text_of(node, key), params.skip_if);
    if (key == "labels") return read_labels(node, params);
    return {};
}

Result<void> in_bounds(YamlNode const& node, ParamSpec const& spec, double number) {
    if (number >= spec.least && number <= spec.most) return {};
    return wrong(node, "{} must be from {} to {}", spec.name, spec.least, spec.most);
}

Result<void> check_param(YamlNode const& node, ParamSpec const& spec) {
    switch (spec.kind) {
        case ParamKind::duration: {
            auto const duration = duration_of(node, spec.name);
            if (!duration) return std::unexpected(duration.error());
            return in_bounds(node, spec, static_cast<double>(duration->count()) / 1e9);
        }
        case ParamKind::integer: {
            auto const number = node.resolved().if_int();
            if (!number) return wrong_kind(node, spec.name, "a whole number");
            return in_bounds(node, spec, static_cast<double>(*number));
        }
        case ParamKind::number: {
            auto const number = node.resolved();
            if (number.kind != YamlNode::Kind::integer && number.kind != YamlNode::Kind::real) {
                return wrong_kind(node, spec.name, "a number");
            }
            return in_bounds(node, spec, number.scalar.to_number<double>());
        }
        case ParamKind::flag: {
            auto const flag = flag_of(node, spec.name);
            return flag ? Result<void>{} : std::unexpected(flag.error());
        }
        case ParamKind::text: {
            auto const text = text_of(node, spec.name);
            return text ? Result<void>{} : std::unexpected(text.error());
        }
        case ParamKind::texts: {
            auto const texts = texts_of(node, spec.name);
            return texts ? Result<void>{} : std::unexpected(texts.error());
        }
        case ParamKind::object:
            if (node.is_mapping()) return {};
            return wrong(node, "{} must be a mapping, not {}", spec.name, to_string(node.kind));
    }
    return {};
}

std::vector<std::string> param_names(CheckType const& type) {
    std::vector<std::string> names;
    for (auto const& spec : type.with) names.emplace_back(spec.name);
    return names;
}

Result<void> read_with(YamlNode const& node, CheckType const& type, Params& params) {
    auto const known = only_known_keys(node, param_names(type), fmt::format("parameter of {}", type.name));
    if (!known) return known;
    for (auto const& spec : type.with) {
        auto const* value = node.find(spec.name);
        if (!value) continue;
        auto const checked = check_param(*value, spec);
        if (!checked) return checked;
        bool const scalar =
            spec.kind == ParamKind::integer || spec.kind == ParamKind::number || spec.kind == ParamKind::flag;
        params.with[spec.name] = to_json(scalar ? value->resolved() : *value);
    }
    return {};
}

Result<CheckType const*> read_type(YamlNode const& node) {
    auto const* written = node.find("type");
    if (!written) return wrong(node, "a check needs a type; `vedette checks list` shows them");
    auto const name = text_of(*written, "type");
    if (!name) return std::unexpected(name.error());
    if (auto const* type = find_check_type(*name)) return type;
    std::vector<std::string> known;
    for (auto const* each : all_check_types()) known.emplace_back(each->name);
    return wrong(*written, "there is no check type \"{}\"{}", *name, did_you_mean(*name, known));
}

Result<void> read_identity(YamlNode const& node, Identity& identity) {
    for (auto const& [key, into] : {std::pair{"name", &identity.name}, std::pair{"group", &identity.group},
                                    std::pair{"service", &identity.service}}) {
        auto const* value = node.find(key);
        if (!value) continue;
        auto const stored = store(text_of(*value, key), *into);
        if (!stored) return stored;
        if (into->empty()) return wrong(*value, "{} must not be empty", key);
    }
    return {};
}

}  // namespace

std::vector<std::string> const& instance_keys() {
    static std::vector<std::string> const keys = {
        "type",     "name",    "group",  "service", "namespaces",          "exclude", "selector", "timeout", "min_age",
        "severity", "retries", "strict", "skip_if", "max_failures_listed", "labels",  "with"};
    return keys;
}

std::vector<std::string> const& default_keys() {
    static std::vector<std::string> const keys = {"namespaces", "exclude", "selector", "timeout", "min_age",
                                                  "severity",   "retries", "strict",   "skip_if", "max_failures_listed",
                                                  "labels"};
    return keys;
}

Result<void> only_known_keys(YamlNode const& node, std::vector<std::string> const& known, std::string_view what) {
    if (!node.is_mapping()) return wrong(node, "expected a mapping here, not {}", to_string(node.kind));
    for (auto const& entry : node.entries) {
        if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
        return fail(Errc::invalid_input, "{}: unknown {} \"{}\"{}", entry.where(), what, entry.key,
                    did_you_mean(entry.key, known));
    }
    return {};
}

namespace {

bool is_variable_name(std::string_view text) {
    auto const is_word = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !text.empty() && !(text[0] >= '0' && text[0] <= '9') && std::all_of(text.begin(), text.end(), is_word);
}

Result<std::string> substituted(YamlNode const& node, std::string_view text, Environment const& environment) {
    std::string result;
    while (!text.empty()) {
        auto const dollar = text.find('$');
        result += text.substr(0, dollar);
        if (dollar == std::string_view::npos) break;
        text.remove_prefix(dollar + 1);
        if (text.starts_with('$')) {
            result += '$';
            text.remove_prefix(1);
            continue;
        }
        if (!text.starts_with('{')) {
            result += '$';
            continue;
        }
        auto const close = text.find('}');
        if (close == std::string_view::npos) return wrong(node, "\"${{\" is never closed; write $$ for a dollar sign");
        auto const reference = text.substr(1, close - 1);
        text.remove_prefix(close + 1);
        auto const fallback = reference.find(":-");
        auto const name = std::string(reference.substr(0, fallback));
        if (!is_variable_name(name)) {
            return wrong(node,
                         "\"{}\" is no variable name; write ${{NAME}} or ${{NAME:-default}}, and $$ for a dollar sign",
                         name);
        }
        auto const value = environment(name);
        if (value && !(value->empty() && fallback != std::string_view::npos)) {
            result += *value;
        } else if (fallback != std::string_view::npos) {
            result += reference.substr(fallback + 2);
        } else {
            return wrong(node, "the environment variable {} is not set; ${{{}:-default}} gives a default", name, name);
        }
    }
    return result;
}

}  // namespace

Result<void> substitute(YamlNode& node, Environment const& environment) {
    if (node.kind == YamlNode::Kind::string) {
        auto const text = std::string(*node.if_string());
        if (text.find('$') == std::string::npos) return {};
        auto replaced = substituted(node, text, environment);
        if (!replaced) return pass(replaced);
        node.scalar = boost::json::string(*replaced);
        node.untyped = text.starts_with("${") && text.find('}') == text.size() - 1;
        return {};
    }
    for (auto& item : node.items) {
        if (auto done = substitute(item, environment); !done) return done;
    }
    for (auto& entry : node.entries) {
        if (auto done = substitute(entry.value, environment); !done) return done;
    }
    return {};
}

Result<void> check_defaults(YamlNode const& defaults) {
    if (auto known = only_known_keys(defaults, default_keys(), "default"); !known) return known;
    Params scratch;
    for (auto const& entry : defaults.entries) {
        if (auto read = read_common(entry.key, entry.value, scratch); !read) return read;
    }
    return {};
}

Result<Instance> read_instance(YamlNode const& node, YamlNode const* defaults, std::string_view suite_name) {
    if (auto known = only_known_keys(node, instance_keys(), "key of a check"); !known) return pass(known);
    auto const type = read_type(node);
    if (!type) return std::unexpected(type.error());
    auto instance = default_instance(**type);
    auto const identity = read_identity(node, instance.identity);
    if (!identity) return std::unexpected(identity.error());
    instance.id = fmt::format("{}/{}", suite_name, instance.identity.name);
    for (auto const& key : default_keys()) {
        auto const* value = node.find(key);
        if (!value && defaults) value = defaults->find(key);
        if (!value) continue;
        auto const read = read_common(key, *value, instance.params);
        if (!read) return std::unexpected(read.error());
    }
    if (auto const* with = node.find("with")) {
        auto const read = read_with(*with, **type, instance.params);
        if (!read) return std::unexpected(read.error());
    }
    for (auto const& spec : (*type)->with) {
        if (!instance.params.with.contains(spec.name)) {
            return wrong(node, "a check of type {} needs with.{}: {}", (*type)->name, spec.name, spec.summary);
        }
    }
    return instance;
}

}  // namespace vedette::check
