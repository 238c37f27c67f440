#include "telemetry/process_metrics.hpp"

#include <dirent.h>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace vedette::telemetry {
namespace {

metrics::Gauge& gauge(metrics::Registry& registry, std::string name, std::string help) {
    return registry.declare<metrics::Gauge>({.name = std::move(name), .help = std::move(help)}).only();
}

double seconds(timeval const& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::optional<double> open_descriptors() {
    auto* const folder = ::opendir("/proc/self/fd");
    if (!folder) return std::nullopt;
    int entries = 0;
    while (::readdir(folder)) ++entries;
    ::closedir(folder);
    return entries - 3;  // ".", ".." and the folder itself
}

}  // namespace

ProcessMetrics::ProcessMetrics(metrics::Registry& registry, Clock const& clock)
    : cpu_(registry
               .declare<metrics::Counter>(
                   {.name = "process_cpu_seconds_total", .help = "User and system CPU time spent, in seconds."})
               .only()),
      resident_(gauge(registry, "process_resident_memory_bytes", "Resident memory, in bytes.")),
      virtual_(gauge(registry, "process_virtual_memory_bytes", "Virtual memory, in bytes.")),
      open_files_(gauge(registry, "process_open_fds", "Open file descriptors.")),
      max_files_(gauge(registry, "process_max_fds", "Most file descriptors that may be open.")),
      hook_(registry.on_collect([this] { update(); })) {
    gauge(registry, "process_start_time_seconds", "When the process started, in Unix seconds.")
        .set(std::chrono::duration<double>(clock.wall().time_since_epoch()).count());
}

void ProcessMetrics::update() {
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) cpu_.raise_to(seconds(usage.ru_utime) + seconds(usage.ru_stime));
    // proc(5): statm counts pages, the whole size first, then what is resident.
    double pages = 0;
    double resident = 0;
    if (std::ifstream("/proc/self/statm") >> pages >> resident) {
        auto const page = static_cast<double>(::sysconf(_SC_PAGESIZE));
        virtual_.set(pages * page);
        resident_.set(resident * page);
    }
    if (auto const open = open_descriptors()) open_files_.set(*open);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) max_files_.set(static_cast<double>(limit.rlim_cur));
}

}  // namespace vedette::telemetry
