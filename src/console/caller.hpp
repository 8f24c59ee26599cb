// Who asks, and what they may do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace causeway::console {

// In order: each may what those before it may, but for what only reporters and operators may.
enum class Role : std::uint8_t {
  nobody,
  reporter,   // a token of an agent or a job: results and heartbeats in, targets of agents out
  viewer,     // sees everything that is watched
  operator_,  // acknowledges, notes, maintenance, diagnoses
  admin,      // people, tokens, the audit log
};

std::string_view name(Role role);                       // "operator"
std::optional<Role> role_named(std::string_view text);  // not "nobody"

struct Caller {
  Role role = Role::nobody;
  std::string name;     // for the audit log: "anna", "token grafana"
  std::string account;  // its id; empty for a token
  std::string session;  // the token of the cookie; empty for a token
};

}  // namespace causeway::console
