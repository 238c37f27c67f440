// The verbs. One place decides about sending again (next_step), one loop does it (send).

#include "kube/client.hpp"

#include "base/json.hpp"
#include "kube/client_errors.hpp"

namespace vedette::kube {
namespace {

namespace json = boost::json;

constexpr std::size_t refusal_limit = 1024 * 1024;  // bytes of a refusal's body
constexpr std::size_t slice = 32 * 1024;            // bytes parsed in one go
constexpr std::size_t slices_before_yielding = 4;   // or 1 ms, whichever comes first

bool reads(Request const& request) {
    return request.method == "GET" || request.method == "HEAD";
}

bool may_retry(Request const& request, Errc transport) {
    return reads(request) ? may_pass(transport) : transport == Errc::refused;
}

bool may_retry(Request const& request, int status) {
    if (status == 429) return true;
    return reads(request) && status >= 500 && status != 501;
}

bool begins_like_an_object(std::string_view text) {
    auto const first = text.find_first_not_of(" \t\r\n");
    return first == std::string_view::npos ? !text.empty() : text[first] == '{';
}

Duration backoff(ClientOptions const& options, int attempt, Random& random) {
    auto const doubled = options.first_backoff * (std::int64_t{1} << std::min(attempt - 1, 10));
    return std::chrono::duration_cast<Duration>(doubled * (0.5 + random.unit()));
}

}  // namespace

Client::Client(Api& api, Clock& clock, Random& random, RateLimiter* limiter, ClientOptions options)
    : api_(api), clock_(clock), random_(random), limiter_(limiter), options_(options) {}

Client Client::at(Priority priority) const {
    auto other = *this;
    other.options_.priority = priority;
    return other;
}

Task<Response> Client::send_once(Request request, Deadline deadline) {
    auto const asked = clock_.now();
    if (!request.priority) request.priority = options_.priority;
    if (limiter_) {
        auto admitted = co_await limiter_->acquire(*request.priority, deadline);
        if (!admitted) co_return pass(admitted, request.what);
    }
    auto const waited = clock_.now() - asked;
    auto const what = request.what;
    auto response = co_await api_.send(std::move(request), deadline);
    if (!response) co_return pass(response, what);
    response->waited += waited;
    co_return std::move(*response);
}

// The answer's header, once it is a good one.
Task<Response> Client::send(Request request, Deadline deadline) {
    for (int attempt = 1;; ++attempt) {
        auto delay = backoff(options_, attempt, random_);
        bool again = attempt < options_.attempts;
        std::optional<Error> error;

        auto response = co_await send_once(request, deadline);
        if (!response) {
            again = again && may_retry(request, response.error().code());
            error = response.error();
        } else if (response->status >= 200 && response->status < 300) {
            co_return std::move(*response);
        } else {
            auto body = co_await net::read_all(std::move(response->body), refusal_limit, deadline);
            error = error_of(request, response->status, body.value_or(std::string{}));
            again = again && may_retry(request, response->status);
            if (auto const asked = retry_after(response->headers)) {
                delay = *asked;
                if (delay > options_.longest_retry_after) again = false;
            }
        }
        if (!again || deadline - clock_.now() <= delay) co_return std::unexpected(*error);
        co_await clock_.sleep_for(delay, "sending a request again");
    }
}

Task<Object> Client::call(Request request, Deadline deadline) {
    for (int attempt = 1;; ++attempt) {
        auto response = co_await send(request, deadline);
        if (!response) co_return pass(response);
        auto const status = response->status;
        auto text = co_await net::read_all(std::move(response->body), options_.body_limit, deadline);
        if (text) {
            auto parsed = parse_json(*text, "answer");
            if (!parsed || !parsed->is_object()) {
                co_return std::unexpected(error_of_foreign(request.what, status, *text));
            }
            co_return std::move(parsed->get_object());
        }
        auto const delay = backoff(options_, attempt, random_);
        bool const again = attempt < options_.attempts && reads(request) && may_pass(text.error().code());
        if (!again || deadline - clock_.now() <= delay) co_return pass(text, request.what);
        co_await clock_.sleep_for(delay, "sending a request again");
    }
}

Task<Client::RawAnswer> Client::raw(Request request, Deadline deadline, std::size_t limit) {
    auto const what = request.what;
    auto const asked = clock_.now();
    auto response = co_await send_once(std::move(request), deadline);
    if (!response) co_return pass(response);
    auto text = co_await net::read_all(std::move(response->body), limit, deadline);
    if (!text) co_return pass(text, what);
    co_return RawAnswer{.status = response->status,
                        .headers = std::move(response->headers),
                        .body = std::move(*text),
                        .peer_chain = std::move(response->peer_chain),
                        .took = clock_.now() - asked - response->waited};
}

Task<std::optional<IssuedCredentials>> Client::issued_credentials(Deadline deadline) {
    auto issued = co_await api_.issued_credentials(deadline);
    co_return issued;
}

Task<Object> Client::get(Resource resource, std::string ns, std::string name, Deadline deadline, GetOptions options) {
    auto request = get_request(resource, ns, name, options.subresource, options.metadata_only);
    co_return co_await call(std::move(request), deadline);
}

// Feeds one page's body to `reader`, a slice at a time, so that a fast peer and a large page leave the reactor to
// others now and then. What does not even begin like JSON is quoted.
Task<void> Client::read_page(ListReader& reader, net::Body& body, PageBounds bounds) {
    auto started = clock_.now();  // of what was done since others had the reactor: many pieces come without a wait
    std::size_t slices = 0;
    bool first = true;
    while (true) {
        auto piece = co_await body.read(bounds.deadline);
        if (!piece) co_return pass(piece, bounds.what);
        if (first && !begins_like_an_object(*piece)) {
            co_return std::unexpected(error_of_foreign(bounds.what, 200, *piece));
        }
        first = false;
        if (piece->empty()) break;
        for (std::size_t at = 0; at < piece->size(); at += slice) {
            auto fed = reader.feed(std::string_view(*piece).substr(at, slice));
            if (!fed) co_return pass(fed, bounds.what);
            if (reader.items() > bounds.items) {
                co_return fail(Errc::too_large, "{}: more than {} objects; is this a Kubernetes API server?",
                               bounds.what, options_.list_limit);
            }
            if (++slices < slices_before_yielding && clock_.now() - started < 1ms) continue;
            co_await asio::post(asio::use_awaitable);
            started = clock_.now();
            slices = 0;
        }
    }
    auto finished = reader.finish();
    if (!finished) co_return pass(finished, bounds.what);
    co_return Result<void>{};
}

Async<Client::Page> Client::get_page(Request const& request, Projection const& projection,
                                     ListReader::OnItem const& on_item, PageBounds bounds) {
    Page page;
    auto response = co_await send(request, bounds.deadline);
    if (!response) {
        page.error = response.error();
        co_return page;
    }
    ListReader reader(projection, on_item);
    auto read = co_await read_page(reader, *response->body, std::move(bounds));
    if (!read) {
        page.broke_off = may_pass(read.error().code());
        page.error = read.error();
        co_return page;
    }
    page.items = reader.items();
    page.resource_version = reader.resource_version();
    page.continue_token = reader.continue_token();
    co_return page;
}

Task<ListEnd> Client::list(Resource resource, std::string ns, ListOptions options, Projection projection,
                           std::function<void(Object)> on_item, std::function<void()> on_restart, Deadline deadline) {
    auto const first = options;
    ListEnd end;
    for (int attempt = 1;;) {
        auto const request = list_request(resource, ns, options);
        PageBounds bounds{options_.list_limit - std::min(end.items, options_.list_limit), deadline, request.what};
        auto page = co_await get_page(request, projection, on_item, std::move(bounds));
        if (!page.error) {
            ++end.pages;
            end.items += page.items;
            end.resource_version = page.resource_version;
            if (page.continue_token.empty()) co_return end;
            if (page.continue_token == options.continue_token) {
                co_return fail(Errc::malformed, "{}: the server continues with the page it has just sent",
                               request.what);
            }
            options.continue_token = page.continue_token;
            continue;
        }
        // What was handed out belongs to a version that cannot be finished. An expired token also says that we are
        // too slow for pages; a single answer cannot expire.
        bool const expired = page.error->code() == Errc::gone && !options.continue_token.empty();
        auto const delay = expired ? Duration{} : backoff(options_, attempt, random_);
        bool const again = attempt++ < options_.attempts && (expired || page.broke_off);
        if (!again || deadline - clock_.now() <= delay) co_return std::unexpected(*page.error);
        if (delay > Duration{}) co_await clock_.sleep_for(delay, "reading a list again");
        options = first;
        if (expired && attempt > 2) options.limit = 0;
        end = ListEnd{};
        if (on_restart) on_restart();
    }
}

Task<Watch> Client::watch(Resource resource, std::string ns, WatchOptions options, Deadline deadline) {
    auto const request = watch_request(resource, ns, options);
    auto response = co_await send(request, deadline);
    if (!response) co_return pass(response);
    co_return Watch(std::move(response->body), request.what);
}

Task<Object> Client::create(Resource resource, std::string ns, Object object, Deadline deadline) {
    auto request = create_request(resource, ns, object);
    co_return co_await call(std::move(request), deadline);
}

Task<Object> Client::replace(Resource resource, std::string ns, std::string name, Object object,
                             std::string subresource, Deadline deadline) {
    auto request = replace_request(resource, ns, name, object, subresource);
    co_return co_await call(std::move(request), deadline);
}

Task<Object> Client::patch(Resource resource, std::string ns, std::string name, Patch kind, json::value patch,
                           PatchOptions options, Deadline deadline) {
    auto request = patch_request(resource, ns, name, kind, patch, options);
    co_return co_await call(std::move(request), deadline);
}

Task<Object> Client::remove(Resource resource, std::string ns, std::string name, DeleteOptions options,
                            Deadline deadline) {
    auto request = delete_request(resource, ns, name, options);
    co_return co_await call(std::move(request), deadline);
}

}  // namespace vedette::kube
