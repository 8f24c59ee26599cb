#include "model/failure.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace causeway::model {
namespace {

constexpr std::array kRows{
#define FAILURE(enumerator, id, stage, code, subcode, token, retry, sentence) \
  FailureRow{FailureId::enumerator, id, Stage::stage, code, subcode, token, Retry::retry, sentence},
#include "model/failures.def"
#undef FAILURE
};

constexpr std::array<std::string_view, 7> kStageNames{"choose", "resolve",  "route", "connect",
                                                      "secure", "exchange", "any"};

}  // namespace

std::string_view name(Stage stage) { return kStageNames.at(static_cast<std::size_t>(stage)); }

std::optional<Stage> stage_named(std::string_view name) {
  const auto at = std::ranges::find(kStageNames, name);
  if (at == kStageNames.end()) return std::nullopt;
  return static_cast<Stage>(at - kStageNames.begin());
}

std::span<const FailureRow> failure_rows() { return kRows; }

const FailureRow& row(FailureId failure) { return kRows.at(static_cast<std::size_t>(failure)); }

std::string_view name(FailureId failure) { return row(failure).id; }

std::optional<FailureId> failure_named(std::string_view id) {
  const auto at = std::ranges::find(kRows, id, &FailureRow::id);
  if (at == kRows.end()) return std::nullopt;
  return at->failure;
}

std::string_view name(Retry retry) {
  switch (retry) {
    case Retry::never: return "never";
    case Retry::other_address: return "other_address";
    case Retry::if_safe: return "if_safe";
    case Retry::if_reused: return "if_reused";
  }
  std::unreachable();
}

bool is_own_trouble(FailureId failure) {
  switch (failure) {
    case FailureId::resolve_resolver_unreachable:
    case FailureId::route_no_local_route:
    case FailureId::route_no_source_address:
    case FailureId::route_local_block:
    case FailureId::connect_out_of_ports:
    case FailureId::connect_out_of_files:
    case FailureId::internal: return true;
    default: return false;
  }
}

}  // namespace causeway::model
