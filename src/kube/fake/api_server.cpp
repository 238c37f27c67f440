// The front: faults first, then documents (discovery, health), then objects by route, permission and verb. What a
// request does to objects is decided in the units beside this one, all without I/O.

#include "kube/fake/api_server.hpp"

#include "base/ensure.hpp"
#include "base/with_deadline.hpp"
#include "kube/fake/discovery.hpp"
#include "kube/fake/garbage.hpp"
#include "kube/fake/metadata.hpp"
#include "kube/fake/service.hpp"

#include <fmt/format.h>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

class UserApi final : public Api {
public:
    using Send = std::function<Task<Response>(Request, Deadline)>;
    explicit UserApi(Send send) : send_(std::move(send)) {}
    Task<Response> send(Request request, Deadline deadline) override { return send_(std::move(request), deadline); }

private:
    Send send_;
};

std::string fault_method(Request const& request) {
    return request.method == "GET" && query_flag(request, "watch") ? "WATCH" : request.method;
}

}  // namespace

class ApiServer::State {
public:
    State(asio::any_io_executor executor, Clock& clock_, Random& random, Options options_)
        : options(std::move(options_)),
          clock(clock_),
          store(options.history),
          writer(store, kinds, clock, random),
          faults(random),
          watches(std::move(executor), clock, store, faults, options),
          service{kinds, store, writer, watches, clock, options, {}, {}} {
        store.on_change([this](Change const& change) {
            watches.tell(change);
            for (auto const& listener : listeners) listener(change);
        });
        auto const* namespaces = kinds.by_collection("namespaces");
        for (auto const* name : {"default", "kube-node-lease", "kube-public", "kube-system"}) {
            Object body{{"metadata", json::object{{"name", name}}}};
            ensure(writer.create({*namespaces, "", "", ""}, std::move(body), false).has_value(),
                   "an empty store takes it");
        }
    }

    Task<Response> serve(std::string user, Request request, Deadline deadline) {
        auto const method = fault_method(request);
        auto const struck = [&](Fault::Kind kind) { return faults.strike(kind, method, request.path); };
        if (struck(Fault::Kind::refuse)) co_return fail(Errc::refused, "connection refused");
        if (struck(Fault::Kind::hang)) {
            co_await clock.sleep_until(deadline, "a server that does not answer");
            co_return fail(Errc::timed_out, "no answer came in time");
        }
        if (auto const delay = struck(Fault::Kind::delay)) {
            co_await clock.sleep_until(std::min(deadline, clock.now() + delay->delay), "a slow server");
            if (clock.now() >= deadline) co_return fail(Errc::timed_out, "no answer came in time");
        }
        ++requests;
        if (auto const status = struck(Fault::Kind::status)) {
            auto response =
                json_response(status->status, generic(status->status, status->retry_after_seconds).status());
            if (status->retry_after_seconds) {
                response.headers.add("Retry-After", std::to_string(*status->retry_after_seconds));
            }
            co_return response;
        }
        if (struck(Fault::Kind::garbage)) {
            co_return text_response(200, "application/json", "<html>this is not the API server</html>\n");
        }
        auto response = service.answer(user, request);
        if (auto const cut = struck(Fault::Kind::reset_body)) {
            response.body = cut_body(std::move(response.body), cut->after_bytes);
        }
        co_return response;
    }

    Options options;
    Clock& clock;
    Kinds kinds;
    Store store;
    Writer writer;
    Faults faults;
    Watches watches;
    Service service;
    std::size_t requests = 0;
    std::vector<std::function<void(Change const&)>> listeners;
};

ApiServer::ApiServer(asio::any_io_executor executor, Clock& clock, Random& random, Options options)
    : state_(std::make_unique<State>(std::move(executor), clock, random, std::move(options))) {}

ApiServer::~ApiServer() {
    ensure(state_->watches.open() == 0, "the server outlives the bodies it handed out");
}

Task<Response> ApiServer::send(Request request, Deadline deadline) {
    return state_->serve("kubernetes-admin", std::move(request), deadline);
}

std::unique_ptr<Api> ApiServer::as_user(std::string user) {
    return std::make_unique<UserApi>(
        [state = state_.get(), user = std::move(user)](Request request, Deadline deadline) {
            return state->serve(user, std::move(request), deadline);
        });
}

void ApiServer::add_kind(Registration registration) {
    Kind kind;
    kind.registration = std::move(registration);
    state_->kinds.add(std::move(kind));
}

void ApiServer::add_fault(Fault fault) {
    state_->faults.add(std::move(fault));
}

void ApiServer::clear_faults() {
    state_->faults.clear();
}

Object ApiServer::put(Object object) {
    auto const* kind = state_->kinds.by_kind(text_at(object, "apiVersion"), text_at(object, "kind"));
    ensure(kind != nullptr, "a seeded object's kind is registered");
    return state_->writer.put(*kind, std::move(object));
}

bool ApiServer::erase(Resource const& resource, std::string_view ns, std::string_view name) {
    return state_->store.erase({resource.qualified(), std::string(ns), std::string(name)});
}

std::size_t ApiServer::collect_garbage() {
    return fake::collect_garbage(state_->store, state_->kinds, state_->writer);
}

void ApiServer::set_authorizer(
    std::function<bool(std::string_view user, std::string_view verb, Resource const& resource, std::string_view ns)>
        allow) {
    state_->service.allow = std::move(allow);
}

void ApiServer::on_change(std::function<void(Change const&)> listener) {
    state_->listeners.push_back(std::move(listener));
}

void ApiServer::set_failing_health(std::vector<std::string> names) {
    state_->service.failing_health = std::move(names);
}

std::size_t ApiServer::open_watches() const {
    return state_->watches.open();
}

std::size_t ApiServer::requests() const {
    return state_->requests;
}

}  // namespace vedette::kube::fake
