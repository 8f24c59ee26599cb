#pragma once

#include "inspect/snapshot.hpp"

namespace causeway::inspect {

// The dump "processes.txt" (proc_text.hpp). Of a command line only the configuration file is kept.
void collect_processes(Snapshot& out);

// Of /proc/PID/cmdline (parts end with NUL): the file after -c, -f, --config, --config-file.
std::string config_argument(std::string_view cmdline);
// Of /proc/PID/cgroup: "nginx.service", or a container's id (its first 12 digits).
std::string unit_of(std::string_view cgroup);

}  // namespace causeway::inspect
