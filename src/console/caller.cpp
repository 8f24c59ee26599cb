#include "console/caller.hpp"

#include <array>
#include <utility>

namespace causeway::console {
namespace {
constexpr std::array<std::string_view, 5> kNames{"nobody", "reporter", "viewer", "operator",
                                                 "admin"};
}  // namespace

std::string_view name(Role role) { return kNames.at(std::to_underlying(role)); }

std::optional<Role> role_named(std::string_view text) {
  for (const auto role : {Role::reporter, Role::viewer, Role::operator_, Role::admin}) {
    if (name(role) == text) return role;
  }
  return std::nullopt;
}

}  // namespace causeway::console
