#pragma once
// A Scene is a snapshot written as Kubernetes JSON. Objects are reduced to their type's projection before they are
// decoded, as a run does it, so a path that a projection forgets fails a test.

#include "check/instance.hpp"
#include "check/snapshot.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

namespace vedette::check {

/// 2026-01-31T12:00:00Z, the time of every judgement.
inline constexpr WallTime scene_now{std::chrono::sys_days{std::chrono::year{2026} / 1 / 31} + std::chrono::hours(12)};

/// The RFC 3339 time that long before scene_now.
std::string ago(Duration age);

/// Reads JSON in which 'x' stands for "x".
boost::json::value json(std::string text);

class Scene {
public:
    explicit Scene(CheckType const& type) : type(&type), params(default_instance(type).params) {}

    template <class T>
    Scene& add(boost::json::value const& object) {
        auto& listing = listing_of<T>();
        auto const kept = T::projection().apply(object);
        listing.add(kept.as_object());
        return *this;
    }
    template <class T>
    Scene& add(std::string text) {
        return add<T>(json(std::move(text)));
    }
    /// The list was read, and holds nothing so far.
    template <class T>
    Scene& read() {
        listing_of<T>();
        return *this;
    }

    /// Reads that nothing was added to are empty; optional ones are absent unless read() was called.
    Outcome judge();

    CheckType const* type;
    Params params;

private:
    template <class T>
    Listing& listing_of() {
        auto& slot = snapshot_.listings[T::resource().qualified()];
        if (!slot) slot = std::make_unique<ListingOf<T>>();
        return *slot;
    }

    Snapshot snapshot_;
};

}  // namespace vedette::check
