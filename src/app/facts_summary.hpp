// What an inspection saw, as a few lines an object. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/facts.hpp"

namespace causeway::app {

struct SummaryRow {
  std::string label;
  std::vector<std::string> lines;
  bool bad = false;
};

// "2 problems found on web-1", "nothing on web-1 stops the edge".
std::string headline(const model::Facts& facts);
// "Debian GNU/Linux 12, up 3 days; asked for cloudflare's ranges (2025-...) on ports 80, 443"
std::string machine_line(const model::Facts& facts);
std::vector<SummaryRow> summary(const model::Facts& facts);
// What works now and would not after a restart of its server.
std::vector<std::string> at_next_restart(const model::Facts& facts);
// What would be seen with root or other programs, one sentence each; root's share in one line.
std::vector<std::string> not_seen(const model::Facts& facts);
// The packet filters could be read and decided.
bool knows_filters(const model::Facts& facts);

}  // namespace causeway::app
