#include "kube/conformance/scenario.hpp"

#include <fmt/format.h>

namespace vedette::kube::conformance {
namespace {

namespace json = boost::json;

char const* word(WatchEvent::Kind kind) {
    switch (kind) {
        case WatchEvent::Kind::added:
            return "ADDED";
        case WatchEvent::Kind::modified:
            return "MODIFIED";
        case WatchEvent::Kind::deleted:
            return "DELETED";
        case WatchEvent::Kind::bookmark:
            return "BOOKMARK";
    }
    return "?";
}

}  // namespace

Object object(std::string_view text) {
    return json::parse(text).as_object();
}

Object secret(std::string_view name, std::string_view value, std::string_view labels) {
    return object(fmt::format(R"({{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"{}","labels":{}}},)"
                              R"("type":"Opaque","data":{{"k":"{}"}}}})",
                              name, labels, value));
}

Object ingress(std::string_view name, std::string_view service) {
    return object(fmt::format(
        R"({{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{{"name":"{}"}},)"
        R"("spec":{{"ingressClassName":"none","defaultBackend":{{"service":{{"name":"{}","port":{{"number":80}}}}}}}}}})",
        name, service));
}

std::string Reply::at(std::string_view path) const {
    json::value const* value = nullptr;
    for (auto const* here = &body; here;) {
        auto const dot = path.find('.');
        value = here->if_contains(path.substr(0, dot));
        if (!value || dot == std::string_view::npos) break;
        here = value->if_object();
        value = nullptr;
        path.remove_prefix(dot + 1);
    }
    if (!value) return "";
    return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

std::string Reply::names() const {
    std::string joined;
    auto const* items = body.if_contains("items");
    if (!items || !items->is_array()) return "no items";
    for (auto const& item : items->get_array()) {
        Reply const one{0, {}, "", item.as_object()};
        joined += (joined.empty() ? "" : " ") + one.at("metadata.name");
    }
    return joined;
}

Subject::Subject(Api& api, Clock& clock, Random& random, std::string ns)
    : clock_(clock), client_(api, clock, random), ns_(std::move(ns)) {}

Async<Reply> Subject::send(Request request) {
    auto const what = request.what;
    auto const deadline = clock_.now() + 30s;
    auto answer = co_await client_.raw(std::move(request), deadline);
    if (!answer) {
        disappointments_.push_back(answer.error().text());
        co_return Reply{};
    }
    Reply reply{answer->status, std::move(answer->headers), std::move(answer->body), {}};
    boost::system::error_code error;
    auto value = json::parse(reply.text, error);
    if (!error && value.is_object()) reply.body = std::move(value.get_object());
    co_return reply;
}

Async<Reply> Subject::create(Resource resource, Object object) {
    auto request = create_request(resource, ns_, object);
    co_return co_await send(std::move(request));
}

Async<Reply> Subject::get(Resource resource, std::string name) {
    auto request = get_request(resource, ns_, name);
    co_return co_await send(std::move(request));
}

Async<Reply> Subject::replace(Resource resource, std::string name, Object object, std::string subresource) {
    auto request = replace_request(resource, ns_, name, object, subresource);
    co_return co_await send(std::move(request));
}

Async<Reply> Subject::merge(Resource resource, std::string name, std::string patch, std::string subresource) {
    PatchOptions options{.subresource = std::move(subresource)};
    auto request = patch_request(resource, ns_, name, Patch::merge, json::parse(patch), options);
    co_return co_await send(std::move(request));
}

Async<Reply> Subject::json_patch(Resource resource, std::string name, std::string patch) {
    auto request = patch_request(resource, ns_, name, Patch::json, json::parse(patch));
    co_return co_await send(std::move(request));
}

Async<Reply> Subject::remove(Resource resource, std::string name, DeleteOptions options) {
    auto request = delete_request(resource, ns_, name, options);
    co_return co_await send(std::move(request));
}

Async<Reply> Subject::list(Resource resource, ListOptions options) {
    auto request = list_request(resource, ns_, options);
    co_return co_await send(std::move(request));
}

Async<std::unique_ptr<Watch>> Subject::watch(Resource resource, WatchOptions options) {
    auto const deadline = clock_.now() + 30s;
    auto opened = co_await client_.watch(std::move(resource), ns_, std::move(options), deadline);
    if (!opened) {
        disappointments_.push_back(opened.error().text());
        co_return nullptr;
    }
    co_return std::make_unique<Watch>(std::move(*opened));
}

Async<std::string> Subject::hear(Watch& watch, int count) {
    std::string heard;
    for (int i = 0; i < count; ++i) {
        if (!heard.empty()) heard += ", ";
        auto const deadline = clock_.now() + 30s;
        auto const event = co_await watch.next(deadline);
        if (!event) {
            heard += fmt::format("ERROR {}", to_string(event.error().code()));
        } else if (!*event) {
            heard += "END";
        } else {
            Reply const line{0, {}, "", (*event)->object};
            auto const name = line.at("metadata.name");
            heard += word((*event)->kind) + (name.empty() ? "" : " " + name);
        }
    }
    co_return heard;
}

Async<std::optional<WatchEvent>> Subject::next(Watch& watch) {
    auto const deadline = clock_.now() + 30s;
    auto event = co_await watch.next(deadline);
    if (!event) {
        disappointments_.push_back(event.error().text());
        co_return std::nullopt;
    }
    co_return std::move(*event);
}

void Subject::same(std::string_view what, std::string_view got, std::string_view want) {
    if (got != want) disappointments_.push_back(fmt::format("{}: got \"{}\", want \"{}\"", what, got, want));
}

void Subject::is(std::string_view what, bool holds) {
    if (!holds) disappointments_.push_back(fmt::format("not so: {}", what));
}

void Subject::refused(std::string_view what, Reply const& reply, int status, std::string_view reason,
                      std::string_view message) {
    same(fmt::format("{}: HTTP status", what), std::to_string(reply.status), std::to_string(status));
    same(fmt::format("{}: kind", what), reply.at("kind"), "Status");
    same(fmt::format("{}: status", what), reply.at("status"), "Failure");
    same(fmt::format("{}: code", what), reply.at("code"), std::to_string(status));
    same(fmt::format("{}: reason", what), reply.at("reason"), reason);
    if (!message.empty()) same(fmt::format("{}: message", what), reply.at("message"), message);
}

void Subject::succeeded(std::string_view what, Reply const& reply) {
    if (reply.status >= 200 && reply.status < 300) return;
    disappointments_.push_back(fmt::format("{}: HTTP {}: {}", what, reply.status, reply.text));
}

Async<std::vector<std::string>> run(Scenario scenario, Api& api, Clock& clock, Random& random) {
    auto const ns = "conformance-" + random.suffix(8);
    Subject subject(api, clock, random, ns);
    auto const made = co_await subject.create(namespaces, object(fmt::format(R"({{"metadata":{{"name":"{}"}}}})", ns)));
    subject.succeeded("create the scenario's namespace", made);
    if (made.status == 201) {
        co_await scenario.run(subject);
        auto const removed = co_await subject.remove(namespaces, ns);
        subject.is("the scenario's namespace can be removed",
                   removed.status == 200 || removed.status == 404 || removed.status == 409);
    }
    co_return subject.disappointments();
}

}  // namespace vedette::kube::conformance
