#pragma once
// Lists: which objects, at which revision, a page at a time.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks

#include "base/clock.hpp"
#include "kube/fake/selector.hpp"
#include "kube/fake/store.hpp"

namespace vedette::kube::fake {

struct ListQuery {
    Selection selection{};
    std::int64_t limit = 0;  ///< 0: everything
    std::string continue_token{};
    std::string resource_version{};
    std::string resource_version_match{};
};

struct Page {
    std::vector<Snapshot> items;
    Revision revision = 0;
    std::string continue_token;
    std::optional<std::int64_t> remaining;  ///< unknown with selectors
};

/// A continue token holds the revision of its first page and when that was read; `lifetime` later it has expired.
/// An empty `ns` lists all namespaces. Refuses: 400 (query), 410 (too old), 422 (options that exclude each other),
/// 504 (a version of the future).
Answer<Page> list(Store const& store, TimePoint now, Duration lifetime, Kind const& kind, std::string const& ns,
                  ListQuery const& query);

/// The objects of a namespace, or all of them, that match.
std::vector<Snapshot> matching(Store const& store, Kind const& kind, std::string const& ns, Selection const& selection);

/// A resourceVersion of a request; nothing if it is not a number.
std::optional<Revision> parse_revision(std::string_view text);

}  // namespace vedette::kube::fake
