#pragma once
// Child processes as a script plays them, in virtual time: the credential plugin of a test world.

#include "base/process.hpp"
#include "base/with_deadline.hpp"

#include <deque>
#include <vector>

namespace vedette::kube {

class PlayedProcess final : public Process {
public:
    struct Play {
        Result<Exit> exit;
        Duration takes{};
    };

    explicit PlayedProcess(Clock& clock) : clock_(clock) {}

    Task<Exit> run(Command command, Deadline deadline) override {
        commands.push_back(std::move(command));
        deadlines.push_back(deadline);
        if (plays.empty()) co_return fail(Errc::io, "the script has ended");
        auto const play = std::move(plays.front());
        plays.pop_front();
        ++running;
        most_running = std::max(most_running, running);
        auto passing = pass_time(play.takes);
        auto in_time = co_await with_deadline(clock_, deadline, std::move(passing));
        --running;
        if (!in_time) co_return pass(in_time, commands.back().argv[0]);
        co_return play.exit;
    }

    std::deque<Play> plays;
    std::vector<Command> commands;
    std::vector<Deadline> deadlines;
    int running = 0;
    int most_running = 0;

private:
    Task<void> pass_time(Duration duration) {
        co_await clock_.sleep_for(duration, "a played process");
        co_return Result<void>{};
    }

    Clock& clock_;
};

inline Exit prints(std::string output) {
    return {.output = std::move(output)};
}

}  // namespace vedette::kube
