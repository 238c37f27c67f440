#include "cli/progress.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace vedette::cli {

void Progress::on_begin(std::vector<check::Instance> const& instances) {
    total_ = instances.size();
    draw();
}

void Progress::on_check_started(check::Instance const& instance, int) {
    running_.push_back(instance.identity.name);
    draw();
}

void Progress::on_check_finished(check::CheckReport const& report, int) {
    std::erase(running_, report.identity.name);
    ++done_;
    if (!check::is_healthy(report.outcome.status)) ++unhealthy_;
    draw();
}

void Progress::on_end(check::RunReport const&) {
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
}

void Progress::draw() {
    auto const waits = running_.empty() ? std::string() : fmt::format(", waiting for {}", running_.front());
    auto const line = fmt::format("\r\x1b[K{}/{} checks, {} not healthy{}", done_, total_, unhealthy_, waits);
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
}

}  // namespace vedette::cli
