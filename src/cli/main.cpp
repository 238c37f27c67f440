#include "cli/command_line.hpp"

#include <csignal>

int main(int argc, char** argv) {
    // A reader of our output that goes away is an error of write(), not our death.
    std::signal(SIGPIPE, SIG_IGN);
    return vedette::cli::run_command_line(argc, argv);
}
