#pragma once
// The reactor's watchdog. No step should hold the reactor over 2 ms; what holds it over a second is named.

#include "base/clock.hpp"

#include <functional>
#include <memory>
#include <string>

namespace vedette {

/// Names what this thread does now, for the watchdog. Never alive across a co_await: the thread would go on to
/// other work under this name. Steps nest; the innermost counts.
class Step {
public:
    /// `name` outlives the process's last step: a literal, or a name of a static table.
    explicit Step(char const* name);
    ~Step();
    Step(Step const&) = delete;
    Step& operator=(Step const&) = delete;

private:
    char const* outer_;
};

/// Watches the reactor of the thread that makes it, from a thread of its own. Lifetime: the executor's context and
/// the making thread outlive it.
class Watchdog {
public:
    /// Called on the watchdog's thread, once per hold: one sentence with the step that holds the reactor.
    using Report = std::function<void(std::string sentence)>;

    /// `limit`: at least 1 ms; a hold is noticed between one and one and a half limits. A process that was stopped or
    /// starved itself is not reported.
    Watchdog(asio::any_io_executor reactor, Duration limit, Report report);
    /// Waits for its thread; a report under way is finished.
    ~Watchdog();
    Watchdog(Watchdog const&) = delete;
    Watchdog& operator=(Watchdog const&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace vedette
