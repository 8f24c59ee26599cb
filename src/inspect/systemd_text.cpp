#include "inspect/systemd_text.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/read_text.hpp"

namespace causeway::inspect {

std::vector<UnitState> parse_units(std::string_view text) {
  std::vector<UnitState> out;
  UnitState unit;
  const auto finish = [&] {
    if (!unit.id.empty() && out.size() < kInspectRows) out.push_back(unit);
    unit = {};
  };
  for (const auto line : split(text, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) {
      if (trim(line).empty()) finish();
      continue;
    }
    const auto name = line.substr(0, equals);
    const auto value = printable(line.substr(equals + 1), limits::kTextKept);
    if (name == "Id") unit.id = value;
    if (name == "LoadState") unit.load = value;
    if (name == "ActiveState") unit.active = value;
    if (name == "SubState") unit.sub = value;
    if (name == "Result") unit.result = value;
    if (name == "UnitFileState") unit.boot = value;
    if (name == "NRestarts") unit.restarts = whole_number(value).value_or(0);
    if (name == "ExecMainStatus") unit.status = whole_number(value).value_or(0);
  }
  finish();
  return out;
}

std::string why_ended(const UnitState& unit) {
  if (unit.result.empty() || unit.result == "success") return {};
  if (unit.result == "signal" || unit.result == "core-dump") {
    return fmt::format("ended by signal {}{}", unit.status,
                       unit.result == "core-dump" ? ", with a core dump" : "");
  }
  if (unit.result == "exit-code") return fmt::format("ended with status {}", unit.status);
  if (unit.result == "oom-kill") return "killed for want of memory";
  if (unit.result == "start-limit-hit") return "started too often in too short a time";
  return unit.result;
}

}  // namespace causeway::inspect
