// What went wrong in one attempt, as seen on the wire: failures.def as types.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/stage.hpp"

namespace causeway::model {

enum class FailureId : std::uint8_t {
#define FAILURE(enumerator, ...) enumerator,
#include "model/failures.def"
#undef FAILURE
};

enum class Retry : std::uint8_t { never, other_address, if_safe, if_reused };

struct FailureRow {
  FailureId failure;
  std::string_view id;  // "connect.refused"
  Stage stage;
  int code;                       // what an edge shows; 0: the origin's own status passes
  int subcode;                    // 1000, 1002, 1016 or 0
  std::string_view proxy_status;  // RFC 9209 section 2.3 token, may be empty
  Retry retry;
  std::string_view sentence;
};

std::span<const FailureRow> failure_rows();
const FailureRow& row(FailureId failure);
std::string_view name(FailureId failure);
std::optional<FailureId> failure_named(std::string_view id);
std::string_view name(Retry retry);

// Trouble of the machine that asked, a prober or an edge: no packet of the origin's is behind it,
// and it is never blamed on the origin. That it gave up (cancelled) or that its resolver is out of
// reach is for the caller to count in.
bool is_own_trouble(FailureId failure);

// A failed attempt: its kind, and the number and words it came with.
struct Failure {
  FailureId id = FailureId::internal;
  int os_code = 0;     // errno, or 0
  std::string detail;  // for a person; never needed to decide anything
};

template <class T>
using Result = std::expected<T, Failure>;

}  // namespace causeway::model
