// `systemctl show` of several units. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::inspect {

struct UnitState {
  std::string id;      // "nginx.service"
  std::string load;    // loaded | not-found | masked
  std::string active;  // active | inactive | failed | activating | deactivating
  std::string sub;     // running | dead | auto-restart ...
  std::string result;  // success | exit-code | signal | core-dump | oom-kill | start-limit-hit ...
  std::string boot;    // enabled | disabled | static | masked ...; empty: not told
  std::int64_t restarts = 0;
  std::int64_t status = 0;  // exit status or signal

  bool operator==(const UnitState&) const = default;
};

// Blocks of NAME=VALUE lines with an empty line between them.
std::vector<UnitState> parse_units(std::string_view text);

// "ended by signal 9", "ended with status 1"; empty for success.
std::string why_ended(const UnitState& unit);

}  // namespace causeway::inspect
