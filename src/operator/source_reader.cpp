// Each kind of source has a reader of its own; here they meet one deadline and one limit.

#include "operator/source_reader.hpp"

namespace vedette::op {
namespace {

kube::Resource const& config_maps() {
    static kube::Resource const resource{"", "v1", "configmaps", "ConfigMap", true};
    return resource;
}

boost::json::object const* member(kube::Object const& object, std::string_view name) {
    auto const* value = object.if_contains(name);
    return value ? value->if_object() : nullptr;
}

// "a, b, c and 4 more"
std::string keys_of(boost::json::object const* data) {
    constexpr std::size_t shown = 5;
    if (!data || data->empty()) return "none";
    std::string text;
    std::size_t count = 0;
    for (auto const& entry : *data) {
        if (++count > shown) break;
        text += fmt::format("{}{}", text.empty() ? "" : ", ", std::string_view(entry.key()));
    }
    if (data->size() > shown) text += fmt::format(" and {} more", data->size() - shown);
    return text;
}

Result<std::string> text_of_key(kube::Object const& config_map, std::string const& name, std::string const& key,
                                std::size_t limit) {
    auto const* data = member(config_map, "data");
    auto const* value = data ? data->if_contains(key) : nullptr;
    auto const* text = value ? value->if_string() : nullptr;
    if (text) {
        if (text->size() > limit) return fail(Errc::too_large, "{}: {} has more than {} bytes", name, key, limit);
        return std::string(*text);
    }
    auto const* binary = member(config_map, "binaryData");
    if (binary && binary->contains(key)) {
        return fail(Errc::invalid_input, "{} keeps {} in binaryData: a Workflow is text and belongs in data", name,
                    key);
    }
    return fail(Errc::not_found, "{} has no key {} in data; its keys are: {}", name, key, keys_of(data));
}

}  // namespace

SourceReader::SourceReader(asio::any_io_executor executor, Clock& clock, net::GuardedDialer& dialer, net::Tls& tls,
                           kube::Client client, SourceReaderOptions options)
    : clock_(clock),
      client_(std::move(client)),
      options_(std::move(options)),
      url_(std::move(executor), clock, dialer, tls, options_.url) {}

Task<std::string> SourceReader::read(Source source, std::string ns, Deadline deadline) {
    auto const until = std::min(deadline, deadline_after(clock_.now(), options_.timeout));
    switch (source.kind) {
        case Source::Kind::inline_text:
            co_return std::move(source.text);
        case Source::Kind::url: {
            auto text = co_await url_.read(std::move(source.path), source.verify_cert, until);
            co_return text;
        }
        case Source::Kind::file:
            co_return read_file(source.path);
        case Source::Kind::config_map: {
            auto text = co_await read_config_map(source, std::move(ns), until);
            co_return text;
        }
        case Source::Kind::none:
            break;
    }
    co_return fail(Errc::invalid_input, "the source names no Workflow: set inline, url, file or configMap");
}

Result<std::string> SourceReader::read_file(std::string const& path) const {
    if (!options_.mounted) {
        return fail(Errc::invalid_input,
                    "file sources are switched off: start the operator with --source-dir and the directory they are "
                    "mounted in");
    }
    auto text = options_.mounted->read(path, options_.url.limit);
    if (!text) return pass(text, "file");
    return text;
}

Task<std::string> SourceReader::read_config_map(Source const& source, std::string ns, Deadline deadline) {
    auto const name = fmt::format("ConfigMap {}/{}", ns, source.config_map);
    auto object = co_await client_.get(config_maps(), std::move(ns), source.config_map, deadline);
    if (!object) co_return pass(object);
    co_return text_of_key(*object, name, source.key, options_.url.limit);
}

}  // namespace vedette::op
