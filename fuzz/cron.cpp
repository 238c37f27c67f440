// Cron schedules: ticks move forward, are whole seconds, and previous() undoes next().

#include "base/cron.hpp"

#include "target.hpp"

namespace vedette::fuzz {

void fuzz(std::string_view input) {
    auto const schedule = parse_cron(input);
    if (!observe(schedule)) return;
    auto const same = parse_cron(input);
    ensure(same.has_value() && *same == *schedule, "reading is a function of the text");
    WallTime const start{std::chrono::sys_days{std::chrono::year{2026} / 2 / 27}};
    auto after = start;
    for (int i = 0; i < 4; ++i) {
        auto const tick = schedule->next(after);
        observe(tick ? "tick" : "never");
        if (!tick) return;
        ensure(*tick > after, "the next tick is later");
        ensure(tick->time_since_epoch() % 1s == 0ns, "a tick is a whole second");
        if (!schedule->every()) {
            auto const back = schedule->previous(*tick);
            ensure(back == tick, "a tick is its own previous one");
            ensure(schedule->next(*tick - 1ns) == tick, "nothing lies between");
        }
        after = *tick;
    }
}

}  // namespace vedette::fuzz
