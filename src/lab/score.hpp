// How well faults were diagnosed. Pure: documents and truths in, figures out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "lab/fault.hpp"

namespace causeway::lab {

// What a diagnosis said, read out of its document (causeway.diagnosis/1).
struct Answer {
  std::string state;
  Code code;
  std::string stage;
  std::string failure;
  struct Cause {
    std::string id;
    double probability = 0;
  };
  std::vector<Cause> causes;  // most probable first
  double duration_ms = 0;
  bool cut = false;  // an edge had sent its status already when the answer broke off

  // The first cause's id; "none" when there is none and nothing is wrong.
  std::string_view first() const;
};

Parsed<Answer> parse_answer(std::string_view document);

// What a visitor of `causeway edge` got (causeway.lab-edge/1, written by lab/lib/main.sh): code and
// failure of an answer. Each form must agree with itself: what the body says with the status and
// with Proxy-Status; otherwise the failure is "disagrees". An answer that was cut after its status
// was sent has the code of the failure that the access log names.
Parsed<Answer> parse_edge_answer(std::string_view document);

struct Mark {
  bool state = false;
  bool code = false;
  bool stage = false;    // also when not compared
  bool failure = false;  // also when not compared
  bool cause = false;    // the truth first
  bool twin = false;     // not the truth but a true look-alike first
  bool sure_and_wrong = false;
  bool sure_of_twin = false;  // the part of sure_and_wrong whose cause is a look-alike
  bool false_alarm = false;   // of a healthy fault

  bool right() const { return code && (cause || twin) && !sure_and_wrong && !false_alarm; }
};

// A single cause at this probability must be right (contract of the diagnosis).
constexpr double kSure = 0.9;

Mark mark(const Fault& fault, const Answer& answer);

// Of an edge's answer: code, and that its forms agree. An edge names no cause.
bool edge_is_right(const Fault& fault, const Answer& answer);

struct Result {
  const Fault* fault = nullptr;
  std::string trouble;  // why there is no answer: set-up failed, killed, no document
  Answer answer;
  Mark mark;
  double setup_ms = 0;  // topology, servers, injection
  std::string kept;     // directory of its documents, when kept
};

struct Score {
  int faults = 0;
  int healthy = 0;
  int troubled = 0;
  int code = 0;
  int stage = 0;
  int failure = 0;
  int state = 0;
  int cause = 0;
  int cause_or_twin = 0;
  int sure_and_wrong = 0;
  int sure_of_twin = 0;
  int false_alarms = 0;
  double median_ms = 0;
  double longest_ms = 0;

  // Code >= 98 %, cause or twin >= 95 %, nothing sure and wrong, no false alarm, no trouble. With
  // inspections of the origin joined: the cause itself first in >= 97 %.
  bool good_enough(bool joined = false) const;
};

Score score(const std::vector<Result>& results);

}  // namespace causeway::lab
