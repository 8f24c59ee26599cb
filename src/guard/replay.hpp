// The collected rules in a namespace of their own, and real SYNs: the kernel's word against the
// proof's. Needs root and network namespaces; nothing of this host is touched.
#pragma once

#include <string>
#include <vector>

#include "firewall/proof.hpp"

namespace causeway::guard {

struct ReplayRow {
  firewall::ProofRequest::Sample sample;
  std::string proved;  // "accept", "icmp:3/13", ... of firewall::text()
  std::string kernel;  // the same words; "forwarded": it went on to another machine
  bool agrees = true;
};

struct Replayed {
  std::vector<ReplayRow> rows;
  std::vector<std::string> left_out;  // what could not be had in a namespace
};

// One address of every part of every range, where the proof is certain.
std::vector<ReplayRow> replay_questions(const firewall::Proof& proof);
// A connection that a machine behind this host answers counts as forwarded: there is none.
bool agree(std::string_view proved, std::string_view kernel);

Parsed<Replayed> replay(const firewall::Dumps& dumps, const firewall::Collection& collection,
                        const firewall::Proof& proof);

}  // namespace causeway::guard
