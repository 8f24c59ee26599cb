// The document that a diagnosis is: what was asked, what was tried, what was seen, what follows.
// JSON form: causeway.diagnosis/1 (docs/schema/diagnosis.schema.json).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "model/cause.hpp"
#include "model/failure.hpp"
#include "model/observation.hpp"
#include "model/stage.hpp"

namespace causeway::model {

enum class SslMode : std::uint8_t { strict, full, flexible };
std::string_view name(SslMode mode);

enum class Mode : std::uint8_t { quick, normal, thorough };
std::string_view name(Mode mode);

// What is diagnosed. `port` is where the edge would connect: the URL's own, or the scheme's.
struct Target {
  std::string url;   // normalised: scheme://host[:port]/path[?query]
  std::string host;  // lower case, without brackets
  std::string scheme = "https";
  std::uint16_t port = 443;
  std::string path = "/";  // with query
};

enum class Outcome : std::uint8_t { ok, failed, skipped };
std::string_view name(Outcome outcome);

struct StageRecord {
  Stage stage = Stage::resolve;
  Outcome outcome = Outcome::skipped;
  std::optional<FailureId> failure;
  Duration elapsed{};
  std::string because;  // the detail, or why it was skipped
};

enum class Via : std::uint8_t { direct, edge };
std::string_view name(Via via);

// One way an edge would have tried: one address and port, stage by stage.
struct Attempt {
  std::optional<IpAddress> address;  // none when the name did not resolve
  std::uint16_t port = 0;
  Via via = Via::direct;
  std::vector<StageRecord> stages;
  int status = 0;  // HTTP status, when an answer came

  const StageRecord* failed_stage() const;  // null when nothing failed
};

enum class State : std::uint8_t { ok, degraded, failing, undetermined };
std::string_view name(State state);

struct Step {
  std::string text;
  std::string command;
};

struct Fix {
  std::string text;
  std::string command;
  std::string undo;
  std::string verify;
};

struct Attributes {   // each empty when not known
  std::string scope;  // port | host | family | source | name
  std::string agent;  // nft | iptables | fail2ban ...
  std::string where;  // origin | router | edge | provider | dns
};

struct Reason {  // one piece of evidence in words
  std::string sentence;
  std::vector<std::string> observations;
};

struct RankedCause {
  CauseId cause = CauseId::unknown;
  double probability = 0;
  std::string title;  // with the values of this case filled in
  Attributes attributes;
  std::vector<Reason> reasons;          // what speaks for it
  std::vector<Reason> counter_reasons;  // what speaks against it
  std::vector<Step> settles;
  std::vector<Fix> fixes;
};

struct RuledOut {
  CauseId cause = CauseId::unknown;
  std::vector<Reason> because;
};

struct Note {  // seen besides: a certificate that ends soon, an address family that fails ...
  std::string sentence;
  std::vector<std::string> observations;
};

struct Verdict {
  State state = State::undetermined;
  int code = 0;  // what the edge would show; 0 when nothing is known
  int subcode = 0;
  std::optional<Stage> stage;
  std::optional<FailureId> failure;
  std::string sentence;
  std::vector<RankedCause> causes;  // most probable first; probabilities add up to at most 1
  std::vector<RuledOut> ruled_out;
  std::vector<std::string> missing;  // what would have to be known, when undetermined
  std::vector<Note> notes;
};

struct Vantage {
  std::string name;
  std::vector<std::string> addresses;
};

struct Diagnosis {
  std::string id;
  WallTime started;
  Duration duration{};
  Vantage vantage;
  Target target;
  Verdict verdict;
  std::vector<Attempt> attempts;
  std::vector<Observation> observations;
  bool interrupted = false;  // Ctrl-C or the deadline: what is known so far
};

}  // namespace causeway::model
