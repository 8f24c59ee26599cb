// What one line of a log says about the way to the origin, in the project's own words. Pure.
//
// A log often tells less than a probe would: HAProxy's "SC" is a refused connection, an unreachable
// host or a failed handshake alike. Then several failures are possible, and `told` says whether one
// of them is named by the line or none.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "codec/log_line.hpp"
#include "model/cause.hpp"
#include "model/failure.hpp"

namespace causeway::explain {

enum class Part : std::uint8_t {
  fine,         // nothing about the way to an origin
  failed,       // a request failed, or an attempt at an origin
  client_left,  // the client gave up or broke off: not the origin's fault by itself
  trouble,      // the server writes about its own state, not about one request
};

// Most telling first.
class Failures {
 public:
  constexpr Failures() = default;
  constexpr Failures(std::initializer_list<model::FailureId> ids) {
    for (const auto each : ids) ids_.at(count_++) = each;
  }
  constexpr std::span<const model::FailureId> all() const {
    return std::span{ids_}.subspan(0, count_);
  }
  constexpr bool empty() const { return count_ == 0; }
  constexpr Failures and_also(model::FailureId id) const {
    Failures out = *this;
    out.ids_.at(out.count_++) = id;
    return out;
  }

 private:
  std::array<model::FailureId, 36> ids_{};
  std::uint8_t count_ = 0;
};

struct Meaning {
  Part part = Part::fine;
  bool told = true;  // possible.all()[0] is what the line names; else it names none of them
  Failures possible;
  model::CauseId cause = model::CauseId::unknown;  // where the words themselves name one
  int status = 0;                                  // the origin's own answer, with http.status
  std::string_view reading;  // what was written means this; lives as long as the program

  std::optional<model::FailureId> failure() const;
  // What an edge shows for it; the origin's own status; 0 when the possible failures differ.
  int code() const;
};

Meaning meaning_of(const codec::LogLine& line);

// A termination state or response flags alone: "sC--", "SH", "UF,URX". Up to two, as the same
// letters may be HAProxy's and Envoy's.
struct FlagReading {
  std::string_view product;  // "HAProxy", "Envoy"
  Meaning meaning;
};
std::vector<FlagReading> meanings_of_flags(std::string_view flags);

// A message, or a part of one, as it stands in an error log, a browser or a support ticket.
Meaning meaning_of_words(std::string_view words);

}  // namespace causeway::explain
