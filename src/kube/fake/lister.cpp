#include "kube/fake/lister.hpp"

#include <fmt/format.h>

#include <charconv>

namespace vedette::kube::fake {
namespace {

constexpr char const* too_old =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list.";

// Where a list goes on: "REVISION.NANOSECONDS.KEY", a revision of 0 is the inconsistent rest.
struct Continuation {
    Revision revision = 0;
    std::int64_t issued = 0;
    std::string after;

    std::string token() const { return fmt::format("{}.{}.{}", revision, issued, after); }

    static std::optional<Continuation> parse(std::string_view token) {
        Continuation c;
        auto const first = token.find('.');
        auto const second = token.find('.', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
        auto const* end = token.data() + first;
        auto const revision = std::from_chars(token.data(), end, c.revision);
        auto const issued = std::from_chars(token.data() + first + 1, token.data() + second, c.issued);
        if (revision.ec != std::errc{} || revision.ptr != end || issued.ec != std::errc{}) return std::nullopt;
        if (issued.ptr != token.data() + second) return std::nullopt;
        c.after = token.substr(second + 1);
        return c;
    }
};

Refusal wrong_options(std::string reason, std::string kind, std::string message) {
    Resource const options{"meta.k8s.io", "v1", "listoptions", "ListOptions", false};
    return invalid(options, "", {{std::move(kind), std::move(reason) + std::move(message), "resourceVersionMatch"}});
}

Answer<void> check_options(ListQuery const& query) {
    auto const& match = query.resource_version_match;
    if (match.empty()) return {};
    auto const forbidden = [](char const* why) {
        return refuse(wrong_options("Forbidden: ", "FieldValueForbidden", why));
    };
    if (!query.continue_token.empty()) return forbidden("resourceVersionMatch is forbidden for continue");
    if (query.resource_version.empty()) {
        return forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided");
    }
    if (match != "Exact" && match != "NotOlderThan") {
        return refuse(wrong_options("Unsupported value: ", "FieldValueNotSupported",
                                    fmt::format("\"{}\": supported values: \"Exact\", \"NotOlderThan\"", match)));
    }
    if (match == "Exact" && query.resource_version == "0") {
        return forbidden("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
    return {};
}

Page cut(Collection const& objects, std::string const& ns, ListQuery const& query, Continuation from) {
    Page page;
    page.revision = from.revision;
    auto const prefix = ns.empty() ? std::string() : ns + "/";
    auto at = from.after.empty() ? objects.lower_bound(prefix) : objects.upper_bound(std::max(prefix, from.after));
    auto const here = [&] { return at != objects.end() && at->first.starts_with(prefix); };
    // As the real server, which counts before it looks at selectors: a last page may be empty.
    auto const full = [&] { return query.limit > 0 && page.items.size() == static_cast<std::size_t>(query.limit); };
    for (; here() && !full(); ++at) {
        from.after = at->first;
        if (query.selection.matches(*at->second)) page.items.push_back(at->second);
    }
    if (!here()) return page;
    page.continue_token = from.token();
    if (query.selection.empty()) {
        page.remaining = 0;
        for (; here(); ++at) ++*page.remaining;
    }
    return page;
}

}  // namespace

std::optional<Revision> parse_revision(std::string_view text) {
    Revision revision = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return revision;
}

Answer<Page> list(Store const& store, TimePoint now, Duration lifetime, Kind const& kind, std::string const& ns,
                  ListQuery const& query) {
    auto valid = check_options(query);
    if (!valid) return refuse(valid.error());
    Continuation from{store.revision(), now.time_since_epoch().count(), ""};
    bool const any = query.resource_version.empty() || query.resource_version == "0";
    if (!query.continue_token.empty()) {
        if (!any) return refuse(bad_request("specifying resource version is not allowed when using continue"));
        auto const continued = Continuation::parse(query.continue_token);
        if (!continued)
            return refuse(bad_request("invalid continue token: continue key is not valid: not a token of this server"));
        auto const inconsistent = continued->revision == 0;
        auto const age = now - TimePoint(Duration(continued->issued));
        if (!inconsistent && (age > lifetime || continued->revision < store.oldest())) {
            auto refusal = expired(too_old);
            refusal.continue_token = Continuation{0, 0, continued->after}.token();
            return refuse(std::move(refusal));
        }
        if (inconsistent) {
            from.after = continued->after;
        } else {
            from = *continued;
        }
    } else if (!any) {
        auto const wanted = parse_revision(query.resource_version);
        if (!wanted) {
            return refuse(bad_request(fmt::format(
                "invalid resource version: resourceVersion: Invalid value: \"{}\": strconv.ParseUint: parsing "
                "\"{}\": invalid syntax",
                query.resource_version, query.resource_version)));
        }
        if (*wanted > store.revision()) return refuse(version_too_large(*wanted, store.revision()));
        // Without a match, a limit makes the version exact; without a limit it is the oldest acceptable one.
        bool const exact =
            query.resource_version_match == "Exact" || (query.resource_version_match.empty() && query.limit > 0);
        if (exact) from.revision = *wanted;
    }
    auto limited = query;
    if (query.resource_version == "0" && query.resource_version_match.empty()) limited.limit = 0;  // the watch cache
    // Most pages are read while nothing changes: those need no copy of the past.
    auto const name = kind.collection();
    if (store.unchanged_since(name, from.revision)) return cut(store.collection(name), ns, limited, from);
    auto const objects = store.collection_at(name, from.revision);
    if (!objects) return refuse(expired("The resourceVersion for the provided list is too old."));
    return cut(*objects, ns, limited, from);
}

std::vector<Snapshot> matching(Store const& store, Kind const& kind, std::string const& ns,
                               Selection const& selection) {
    ListQuery query;
    query.selection = selection;
    return cut(store.collection(kind.collection()), ns, query, {}).items;
}

}  // namespace vedette::kube::fake
