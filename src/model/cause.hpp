// Why it went wrong, for a human who must act: causes.def as types.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace causeway::model {

enum class CauseId : std::uint8_t {
#define CAUSE(enumerator, ...) enumerator,
#include "model/causes.def"
#undef CAUSE
};

enum class Owner : std::uint8_t { you, host, edge, network };

struct CauseRow {
  CauseId cause;
  std::string_view id;  // "firewall.drop"
  Owner owner;
  std::string_view codes;  // "521 522"
  std::string_view title;
};

std::span<const CauseRow> cause_rows();
const CauseRow& row(CauseId cause);
std::string_view name(CauseId cause);
std::optional<CauseId> cause_named(std::string_view id);
std::string_view name(Owner owner);

}  // namespace causeway::model
