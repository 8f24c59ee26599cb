// What `guard` commands share: which edge, which ports, whose rulesets; read from flags, or
// refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "firewall/proof.hpp"
#include "model/edge_ranges.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace causeway::app {

struct ProofFlags {
  std::string from;
  std::string edge = "cloudflare";
  std::string ports = "80,443";
  std::string query;
  std::string address;  // the edge connects to; empty: the main ones of this host
  std::string format = "text";
  bool no_color = false;
  bool replay = false;
};

void add_proof_flags(CLI::App& app, ProofFlags& flags);
void add_address_flag(CLI::App& app, ProofFlags& flags);

// "cloudflare", or a file with one prefix a line.
Parsed<model::EdgeRanges> read_edge(const std::string& edge);

// "80,443": 1 to limits::kProofPorts ports, each once.
Parsed<std::vector<std::uint16_t>> parse_ports(std::string_view text);

// Lines "ADDRESS PORT"; '#' starts a comment. Errors lead with "name:line:column".
Parsed<std::vector<firewall::ProofRequest::Sample>> parse_query(std::string_view text,
                                                                std::string_view name);

Parsed<firewall::ProofRequest> read_request(const ProofFlags& flags);

// The rulesets of this host, or of the folder; what could not be read is in `unreadable`.
struct Gathered {
  firewall::Collection collection;
  bool wants_root = false;
  firewall::Dumps dumps;  // the texts, when they are asked for or a replay needs them
};
Parsed<Gathered> gather(const ProofFlags& flags, bool with_texts = false);
// What --address says, if it says anything, over what was found.
Parsed<void> name_arrival(const ProofFlags& flags, firewall::Arrival& arrival);

}  // namespace causeway::app
