#include "cli/signals.hpp"

#include "cli/exit_code.hpp"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <unistd.h>

namespace vedette::cli {

struct Signals::State {
    State(boost::asio::any_io_executor executor, std::function<void()> first)
        : signals(std::move(executor), SIGINT, SIGTERM), on_first(std::move(first)) {}

    void wait() {
        signals.async_wait([this](boost::system::error_code error, int) {
            if (error) return;
            if (++seen > 1) _exit(exit_killed);
            on_first();
            wait();
        });
    }

    boost::asio::signal_set signals;
    std::function<void()> on_first;
    int seen = 0;
};

Signals::Signals(boost::asio::any_io_executor executor, std::function<void()> first)
    : state_(std::make_unique<State>(std::move(executor), std::move(first))) {
    state_->wait();
}

Signals::~Signals() = default;

}  // namespace vedette::cli
