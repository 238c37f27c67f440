#pragma once
#include <string>

namespace vedette::cli {

struct SimFlags {
    std::string scenario = "healthy";
    std::string listen = "127.0.0.1:0";
    std::string kubeconfig;  ///< file to write; empty: standard output
    std::string lifetime;    ///< a duration; empty: until a signal
};

/// `vedette sim`: serves one simulated cluster over HTTPS until a signal. Returns the exit code.
int run_sim(SimFlags const& flags);

}  // namespace vedette::cli
