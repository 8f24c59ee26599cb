// Lines of logs that tell of trouble: what kind, when, and a text that is safe to show. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace causeway::inspect {

// One of the values of log.what (model/kinds.def); empty for a line that tells of nothing.
std::string_view trouble_in(std::string_view line);

// When a line was written; `utc_offset_s` for formats without a zone. Knows nginx
// ("2026/11/25 18:00:00"), Apache ("[Wed Nov 25 18:00:00.123 2026]"), PHP-FPM ("[25-Nov-2026
// 18:00:00]"), ISO 8601 and RFC 3339, and MySQL's and PostgreSQL's forms of it.
std::optional<WallTime> time_in(std::string_view line, std::int64_t utc_offset_s);

// Without visitors' addresses, query strings, and what follows words such as "password=".
std::string safe_text(std::string_view line);

// Who asked, where nginx says so.
std::optional<IpAddress> client_in(std::string_view line);

// The dump "logs.txt": SOURCE WHAT TIME-or-- TEXT between tabs, and "edge" where that is known.
struct LogLine {
  std::string source;
  std::string what;
  std::optional<WallTime> at;
  std::string text;
  bool of_edge = false;  // the client that it tells of is one of the edge's addresses

  bool operator==(const LogLine&) const = default;
};
std::string write_log_line(const LogLine& line);
std::vector<LogLine> read_log_lines(std::string_view text);

}  // namespace causeway::inspect
