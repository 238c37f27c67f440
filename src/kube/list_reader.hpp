#pragma once
// Reads a list body as it arrives: a push parser that hands out one object at a time, reduced to a projection.

#include "base/error.hpp"
#include "kube/projection.hpp"

#include <boost/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace vedette::kube {

/// Memory: one object at a time, of 8 MiB of text at most, plus the few fields of the list itself.
class ListReader {
public:
    using OnItem = std::function<void(boost::json::object item)>;

    /// `on_item` sees each element of `items`, reduced to `projection`, in order.
    ListReader(Projection projection, OnItem on_item);
    ~ListReader();
    ListReader(ListReader const&) = delete;
    ListReader& operator=(ListReader const&) = delete;

    /// Feeds the next piece. Errors: malformed (not JSON, nested deeper than 64, not an object), with the offset;
    /// too_large (more than 8 MiB and no item has ended).
    Result<void> feed(std::string_view piece);
    /// The body has ended. Errors: malformed (JSON ends too soon, no `items`: not a Kubernetes list).
    Result<void> finish();

    /// The list's own metadata, once finished.
    std::string const& resource_version() const;
    std::string const& continue_token() const;
    std::string const& kind() const;
    std::size_t items() const;

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace vedette::kube
