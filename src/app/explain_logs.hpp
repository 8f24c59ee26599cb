// `causeway explain FILE...`: what a log tells, for people and for programs (causeway.logs/1,
// docs/schema/logs.schema.json).
#pragma once

#include <string>
#include <vector>

#include "app/screen.hpp"
#include "base/result.hpp"
#include "explain/summary.hpp"

namespace causeway::app {

struct LogFlags {  // as written; empty = not given
  std::vector<std::string> files;
  std::string since;
  std::string until;
  std::string zone;
  std::string format = "text";
  bool follow = false;
  bool no_color = false;
};

// Exit code: 0 nothing failed, 1 something did, 2 wrong use, 3 no line was understood, or nothing
// failed in what was read and not all was.
int explain_logs(const LogFlags& flags);

std::string logs_text(const explain::Summary& summary, const std::vector<std::string>& files,
                      const Screen& screen);
std::string logs_json(const explain::Summary& summary, const std::vector<std::string>& files);

// "+02:00", "-0330", "UTC": minutes east.
Parsed<int> parse_zone(std::string_view text);
// RFC 3339, "2026-11-25 14:00" or "14:00" in the zone, or how long ago: "2h". Milliseconds since
// 1970.
Parsed<std::int64_t> parse_moment(std::string_view text, int zone_minutes, std::int64_t now);

}  // namespace causeway::app
