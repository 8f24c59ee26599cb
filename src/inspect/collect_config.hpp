#pragma once

#include "inspect/snapshot.hpp"

namespace causeway::inspect {

// "config-nginx.txt" and the like (server_config.hpp): of servers that run, with the files they
// were started with; of installed ones that do not, with their usual files.
void collect_config(Snapshot& out);
// "certificates.txt": what the certificate files named there hold; never keys.
// "logs.txt" (log_lines.hpp): of the log files named there and the usual ones.
void collect_logs(Snapshot& out, const std::vector<Prefix>& edge);

}  // namespace causeway::inspect
