#pragma once
#include "check/report.hpp"

namespace vedette::cli {

/// One line on standard error that says how far a run is; gone when it ends. For terminals only.
class Progress final : public check::Sink {
public:
    void on_begin(std::vector<check::Instance> const& instances) override;
    void on_check_started(check::Instance const& instance, int worker) override;
    void on_check_finished(check::CheckReport const& report, int worker) override;
    void on_end(check::RunReport const& report) override;

private:
    void draw();
    std::size_t total_ = 0;
    std::size_t done_ = 0;
    std::size_t unhealthy_ = 0;
    std::vector<std::string> running_;
};

}  // namespace vedette::cli
