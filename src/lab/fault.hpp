// A fault: one file of lab/faults, with its truth and what it needs (docs/lab.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace causeway::lab {

struct Code {
  int code = 0;
  int subcode = 0;  // 0: none
  bool operator==(const Code&) const = default;
};

std::string text(const Code& code);  // "522", "530/1016"

// What is really wrong. Lists hold alternatives: any of them is right.
struct Truth {
  std::vector<Code> codes;
  std::vector<Code> at_edge;  // what a visitor of `causeway edge` gets; empty: `codes`
  std::vector<std::string> causes;
  std::vector<std::string> twins;  // other causes with the same evidence from this view
  std::vector<std::string> states;
  std::vector<std::string> stages;    // empty: not compared
  std::vector<std::string> failures;  // empty: not compared
};

struct Section {
  std::string name;  // setup | inject | check | run
  int line = 0;      // of its first line in the file
  std::string script;
};

struct Fault {
  std::string id;  // "firewall/drop-https"
  std::string title;
  Truth truth;
  std::vector<std::string> tags;
  // What lab/lib reads as shell variables: family, url, args, hops, plan, server ...
  std::vector<std::pair<std::string, std::string>> settings;
  std::chrono::seconds limit{};
  std::vector<Section> sections;

  bool has_tag(std::string_view tag) const;
  // Whether a visitor of an edge can meet it: not one that is about another edge, or about the
  // address a diagnosis is made from.
  bool is_for_edges() const;
  std::string_view setting(std::string_view key) const;
};

// Refused with the line's number and what is expected.
Parsed<Fault> parse_fault(std::string_view file, std::string id);

struct Collection {
  std::vector<Fault> faults;   // ordered by id
  std::vector<Error> refused;  // files that are not faults, each with its line
};

// Every *.fault below `directory`.
Parsed<Collection> load_faults(const std::filesystem::path& directory);

// Stable over runs and machines: from it come a fault's addresses, names, servers and path length.
std::uint32_t hash_of(std::string_view id, int seed = 0);

// Number of routers for a setting "3" or "2-4".
int hops_of(std::string_view setting, std::uint32_t hash);

}  // namespace causeway::lab
