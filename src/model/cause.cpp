#include "model/cause.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace causeway::model {
namespace {

constexpr std::array kRows{
#define CAUSE(enumerator, id, owner, codes, title) \
  CauseRow{CauseId::enumerator, id, Owner::owner, codes, title},
#include "model/causes.def"
#undef CAUSE
};

}  // namespace

std::span<const CauseRow> cause_rows() { return kRows; }

const CauseRow& row(CauseId cause) { return kRows.at(static_cast<std::size_t>(cause)); }

std::string_view name(CauseId cause) { return row(cause).id; }

std::optional<CauseId> cause_named(std::string_view id) {
  const auto at = std::ranges::find(kRows, id, &CauseRow::id);
  if (at == kRows.end()) return std::nullopt;
  return at->cause;
}

std::string_view name(Owner owner) {
  switch (owner) {
    case Owner::you: return "you";
    case Owner::host: return "host";
    case Owner::edge: return "edge";
    case Owner::network: return "network";
  }
  std::unreachable();
}

}  // namespace causeway::model
