// Reads a log line by line into a summary. One buffer, whatever the log's size.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/log_line.hpp"
#include "explain/source.hpp"
#include "explain/summary.hpp"

namespace causeway::explain {

struct ScanOptions {
  codec::LogClock clock;
  std::int64_t since = codec::kNoTime;  // inclusive; lines without a time are left out then
  std::int64_t until = codec::kNoTime;  // exclusive
  bool follow = false;
  int stop = -1;  // a descriptor that can be read when following must end
  // Called for each line that is not fine, as it is read.
  std::function<void(const codec::LogLine&, const Meaning&, std::string_view text)> each;
};

// `file` names the source in the summary. An error of the source; what was read until then counts.
Parsed<bool> scan(Source& source, std::string_view file, const ScanOptions& options,
                  Summary& summary);

}  // namespace causeway::explain
