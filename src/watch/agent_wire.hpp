// What an agent and its watch tell each other (schema causeway.agent/1, docs/agent.md). Both ends
// in one file; what comes from the other side is hostile until it was read. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/json.hpp"
#include "watch/check.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

struct AgentResult {
  std::string target;
  // Since the check began, by the agent's steady clock: neither side needs the right time.
  Duration age{};
  CheckResult result;
};

struct AgentRun {       // what came of an order
  std::string order;    // its id
  std::string outcome;  // ran (exit status 0) | failed | refused
  std::string detail;
};

struct AgentReport {     // POST /api/v1/agent/reports
  bool healthy = true;   // the agent's own network works
  std::string detail;    // why not
  std::size_t lost = 0;  // results given up while the watch could not be reached
  std::vector<AgentResult> results;
  std::vector<AgentRun> runs;
};

// A remedy that the watch wants run. The agent knows the command: only the name travels.
struct AgentOrder {
  std::string id;
  std::string remedy;
  std::string target;
  std::string incident;
};

struct AgentAnswer {
  std::size_t taken = 0;
  std::vector<std::string> unknown;  // targets that the watch does not have (any more)
  std::vector<AgentOrder> orders;
  bool inspect = false;  // what the agent's machine shows is wanted now
};

// A causeway.facts/1 document, POST /api/v1/agent/facts, as the watch reads it.
struct AgentFacts {
  model::Document document;
  std::vector<IpAddress> addresses;  // of the machine
  WallTime made;
  int findings = 0;
  std::string gravest;  // the title of the first; empty: there is none
};

std::string to_json(const AgentReport& report);
std::string to_json(const AgentAnswer& answer);
// GET /api/v1/agent/targets: what there is to check, without remedies, channels and owners.
std::string agent_targets_json(const std::vector<Target>& targets);

// Refused with "results[3].outcome: expected ok, degraded, down or unknown" and the like.
Parsed<AgentReport> agent_report(std::string_view json);
Parsed<AgentAnswer> agent_answer(std::string_view json);
Parsed<AgentFacts> agent_facts(std::string_view json);
Parsed<std::vector<Target>> agent_targets(std::string_view json);

}  // namespace causeway::watch
