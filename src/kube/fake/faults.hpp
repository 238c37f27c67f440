#pragma once
// Which fault strikes which request.

#include "kube/fake/api_server.hpp"

#include <optional>
#include <vector>

namespace vedette::kube::fake {

class Faults {
public:
    explicit Faults(Random& random) : random_(random) {}

    void add(Fault fault) { faults_.push_back(std::move(fault)); }
    void clear() { faults_.clear(); }

    /// The first fault of `kind` that strikes a request. Counts it. Draws a number only for uncertain faults, so adding
    /// a certain one does not change what else happens in a seed.
    std::optional<Fault> strike(Fault::Kind kind, std::string_view method, std::string_view path);

private:
    Random& random_;
    std::vector<Fault> faults_;
};

/// `body`, cut after `bytes`: then the connection is reset.
std::unique_ptr<net::Body> cut_body(std::unique_ptr<net::Body> body, std::size_t bytes);

}  // namespace vedette::kube::fake
