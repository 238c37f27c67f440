#pragma once
// Places: so many at once, the others in turn.

#include "base/clock.hpp"
#include "base/event.hpp"

#include <list>
#include <map>

namespace vedette {

/// Places that are taken by rank, the lowest first, then in the order in which they were asked for. A place is handed
/// from who leaves to who waits longest, so nobody who comes later can take it.
///
/// Threads: one reactor. Lifetime: outlives every Place.
class Places {
public:
    class Place;

    explicit Places(std::size_t places);
    ~Places();
    Places(Places const&) = delete;
    Places& operator=(Places const&) = delete;

    std::size_t waiting() const { return count_; }

private:
    void leave();

    std::size_t free_;
    std::size_t count_ = 0;  // who waits
    std::map<int, std::list<Place*>> waiting_;
};

/// One who asks for a place, from its making to its end; on the frame of whoever asks, a place is neither lost nor
/// taken twice whichever way that ends.
class Places::Place {
public:
    /// `what` names the wait where a deadlock is reported; it outlives the Place.
    Place(Places& places, asio::any_io_executor executor, char const* what, int rank = 0);
    ~Place();
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;

    bool taken() const { return taken_; }
    /// Returns once the place is taken, at once if it is. Errors: timed_out; then it still waits.
    Task<void> take(Clock& clock, Deadline deadline);

private:
    friend class Places;
    Task<void> wait();

    Places& places_;
    int rank_;
    Event turn_;
    bool taken_ = false;
    std::list<Place*>::iterator at_;  // while it waits
};

}  // namespace vedette
