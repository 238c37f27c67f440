#include "cli/command_line.hpp"
#include "cli/output.hpp"

int main(int argc, char** argv) {
    vedette::cli::prepare_standard_streams();
    return vedette::cli::run_command_line(argc, argv);
}
