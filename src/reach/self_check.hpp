// This machine's own state, looked at before anything is blamed on the origin.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

// Records one `self` for each of link, files, ports and clock.
void self_check(Survey& survey);

struct SelfFinding {
  std::string_view check;  // model/kinds.def, self.check
  bool ok = true;
  std::optional<Family> family = std::nullopt;
  std::string detail;
  int os_code = 0;
};

// For every probe that meets this machine's own trouble: records `self`, each finding once.
void record_self(Survey& survey, const SelfFinding& finding);

}  // namespace causeway::reach
