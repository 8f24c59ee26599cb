// CrowdSec: an allowlist of guard's own keeps the edge from being banned again, and decisions
// against its addresses are taken back (`cscli`, since 1.6.8). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace causeway::guard {

inline constexpr std::string_view kAllowlist = "causeway-guard";

// A decision in force, as `cscli decisions add` takes it back in.
struct Decision {
  std::string id;
  std::string scope;  // "Ip", "Range"
  std::string value;
  std::string type;  // "ban", "captcha"
  std::string reason;
  std::string duration;  // "3h59m2s"

  auto operator<=>(const Decision&) const = default;
};

// Of `cscli decisions list -o json`: those against nobody but the ranges. A wider one also keeps
// strangers out, and stays. What is not understood is left out.
std::vector<Decision> decisions_within(std::string_view listing, const std::vector<Prefix>& ranges);

}  // namespace causeway::guard
