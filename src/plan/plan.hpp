// A migration from one origin to another: what was seen, what it means, what to do when. Pure.
// JSON form: causeway.plan/1 (docs/schema/plan.schema.json).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "model/failure.hpp"
#include "plan/compare.hpp"
#include "zone/record.hpp"

namespace causeway::plan {

inline constexpr std::string_view kPlanSchema = "causeway.plan/1";

// One address and port of an origin, asked for one host as the edge would.
struct EndpointSeen {
  Endpoint endpoint;
  bool tls = true;
  std::optional<model::FailureId> failure;
  std::string because;
  int status = 0;
  std::string page;  // model/kinds.def, http.page
  bool has_certificate = false;
  std::vector<std::string> certificate_failures;  // cert.* ids, all that are wrong with it
  std::vector<std::string> certificate_names;
  double certificate_days = 0;  // left
  std::string cause;  // what the diagnosis names first, with its fix; empty when nothing is wrong
  std::string cause_title;
  std::string fix;
  std::string fix_command;

  bool answers() const { return !failure && status != 0; }
};

struct HostSeen {
  std::string name;
  std::vector<EndpointSeen> before;
  std::vector<EndpointSeen> after;
  std::vector<PagePair> pages;
};

// What the new origin's own packet filter says about the edge (facts of causeway inspect).
struct FilterFact {
  std::uint16_t port = 0;
  std::string family;
  std::string value;  // accept, drop, reject, drop-source ...
  std::string detail;
};

struct Seen {
  std::vector<IpAddress> before;
  std::vector<IpAddress> after;
  std::vector<HostSeen> hosts;
  std::vector<zone::Record> records;  // of the zone; empty: not known
  std::string zone;
  std::string records_from;                       // where they are from, in words
  std::optional<std::vector<FilterFact>> filter;  // absent: no facts were given
  bool strict = true;                             // certificates are checked by the edge
  bool tls = true;                                // the edge speaks TLS to the origin
  // Authenticated origin pulls, the edge's certificate towards the origin: on | off; empty: not
  // known
  std::string origin_pulls;
  WallTime at;
};

enum class State : std::uint8_t { stop, warn, unknown, good };
std::string_view name(State state);

struct Check {
  std::string id;  // reach.port, tls.certificate, content.status ...
  State state = State::good;
  std::string host;  // empty: of the whole migration
  std::string sentence;
  std::vector<std::string> evidence;
  std::string fix;
};

struct Step {
  std::string when;  // "T-24 h"
  std::string text;
  std::vector<std::string> commands;
  bool point_of_return = false;   // until here, rolling back costs nothing
  std::chrono::seconds offset{};  // from the cut-over
};

struct Plan {
  Seen seen;
  std::vector<Check> checks;  // worst first
  std::vector<Step> steps;
  bool go = false;  // nothing stops it
  std::size_t stops = 0;
  std::size_t warnings = 0;
  std::size_t unknowns = 0;
};

Plan make_plan(Seen seen);
std::string to_json(const Plan& plan);

// The records that lead to the old origin, and those that must not move with it.
std::vector<zone::Record> moving(const Seen& seen);
// Seconds that resolvers may still give the old address after the change.
std::uint32_t longest_ttl(const Seen& seen);

}  // namespace causeway::plan
