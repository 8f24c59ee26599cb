// A diagnosis laid out for people, before it takes a face: the path with the place where it broke,
// one row an attempt, and the evidence that the verdict cites.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/diagnosis.hpp"

namespace causeway::app {

enum class Mark : std::uint8_t { good, bad, warning, unknown, untested };

struct Station {
  std::string name;
  Mark mark = Mark::untested;
};

struct Strip {        // one way from here to the origin
  std::string label;  // "direct", "via edge"
  std::vector<Station> stations;
  std::string note;  // "3.1 s", "523"
};

// At most two: direct and via edge, each by the attempt that speaks for the verdict.
std::vector<Strip> strips(const model::Diagnosis& diagnosis);

inline constexpr std::array kStages{model::Stage::resolve, model::Stage::route,
                                    model::Stage::connect, model::Stage::secure,
                                    model::Stage::exchange};

struct Cell {
  Mark mark = Mark::untested;
  std::string text;
};

struct AttemptRow {
  std::string label;  // "203.0.113.10:443", "edge 104.16.0.1:443"
  std::array<Cell, kStages.size()> cells;
  std::string note;  // why it failed; empty when it did not
};

std::vector<AttemptRow> attempt_rows(const model::Diagnosis& diagnosis);

// The observation with this id, or null.
const model::Observation* observed(const model::Diagnosis& diagnosis, const std::string& id);

// Causes that a person should read about: the first always, others while they are not far behind.
std::vector<const model::RankedCause*> told_causes(const model::Verdict& verdict);

// What would settle which of the told causes it is, each step once; nothing when it is settled.
struct SettlingStep {
  const model::RankedCause* cause = nullptr;  // it is this one when the step's text is true
  const model::Step* step = nullptr;
};
std::vector<SettlingStep> settling_steps(const model::Verdict& verdict);

// Fixes worth showing at once: all that fit for the first cause, fewer the less likely a cause is.
std::size_t fixes_told(const model::Verdict& verdict, const model::RankedCause& cause);

}  // namespace causeway::app
