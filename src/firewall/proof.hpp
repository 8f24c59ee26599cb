// For every range of an edge, port and family: does TCP get through this host, which rule says so,
// whose rule it is, and what to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "firewall/journey.hpp"
#include "firewall/load.hpp"
#include "model/edge_ranges.hpp"

namespace causeway::firewall {

struct ProofRequest {
  model::EdgeRanges edge;
  std::vector<std::uint16_t> ports{80, 443};
  struct Sample {
    IpAddress source;
    std::uint16_t port = 0;
  };
  std::vector<Sample> samples;  // single questions, besides the ranges
};

// A rule as a person finds it again.
struct RuleShown {
  std::string stack;              // "nft", "iptables-legacy", "route", "socket" ...
  std::string table;              // "inet filter"
  std::vector<std::string> path;  // chains, the base chain first
  std::string place;              // "handle 12", "rule 3", "policy"
  std::string text;
  std::optional<std::uint64_t> packets;  // its counter
  std::string owner;                     // "ufw", "fail2ban jail sshd", "by hand" ...
};

struct Fix {
  std::string text;
  std::string command;  // may be empty
};

// One way it can end, and what decides that.
struct Cause {
  Ending ending;
  Shape lost = Shape::syn;
  RuleShown rule;
  std::vector<std::string> doubts;
};

// Addresses of one range that fare alike on one port.
struct ProofRow {
  Prefix range;
  std::uint16_t port = 0;
  IntervalSet clients;
  double share = 1;           // of the range
  bool certain = true;        // one ending
  std::vector<Cause> causes;  // the worst ending first
  std::vector<Fix> fixes;
};

// A rate limit that a lone connection passes.
struct LimitRow {
  std::uint16_t port = 0;
  Family family = Family::ipv4;
  RuleShown rule;
  std::string limit;    // "more than 30 packets a second, burst 20, from each source address"
  bool global = false;  // one bucket for all clients
  bool refills = true;  // false: a quota, once used up
  std::vector<std::string> then;  // what those above it get
  std::vector<Prefix> ranges;     // concerned
};

// An allow list of this host compared with the edge's.
struct ListRow {
  std::string name;  // "set inet filter cloudflare4", "rules of chain INPUT"
  Family family = Family::ipv4;
  std::size_t holds = 0;  // ranges of the edge, wholly
  std::size_t of = 0;
  std::vector<std::string> missing;  // ranges not wholly in it
  std::vector<std::string> remarks;  // stale or mistyped entries
};

struct SampleVerdict {
  ProofRequest::Sample sample;
  std::string verdict;  // "accept", "icmp:3/13", ... "unknown"
};

struct Proof {
  std::string edge_name;
  std::string edge_date;
  Arrival arrival;
  std::vector<std::uint16_t> ports;
  // The host has no address of this family, and the edge reaches it in the other one: rows of it
  // tell what a packet would meet, and stop nobody.
  std::optional<Family> unused;
  std::vector<ProofRow> rows;
  std::vector<LimitRow> limits;
  std::vector<ListRow> lists;
  std::vector<SampleVerdict> samples;
  std::vector<std::string> notes;
  std::vector<std::string> unreadable;

  bool concerns(const ProofRow& row) const { return row.range.address().family() != unused; }
  bool all_open() const;      // every row that concerns the host certainly accepts
  bool some_stopped() const;  // some of them certainly does not
};

Proof prove(const Collection& collection, const ProofRequest& request);

// The pieces a set of outcomes cuts the clients into: for each, which outcomes are possible.
struct Piece {
  Interval clients;
  std::vector<std::uint32_t> outcomes;  // indexes, ascending
};
std::vector<Piece> cut(const std::vector<Outcome>& outcomes);

// "accept" when all agree, else "unknown".
std::string verdict_word(const std::vector<Outcome>& outcomes, const Piece& piece);

RuleShown show(const Ruleset& rules, const Decision& decision);
std::string owner_of(const Ruleset& rules, const Decision& decision);
std::vector<Fix> fixes_for(const Ruleset& rules, const Decision& decision, const Ending& ending,
                           Shape lost, const Prefix& range, std::uint16_t port,
                           const RuleShown& shown);
std::vector<ListRow> compare_lists(const Ruleset& rules, const model::EdgeRanges& edge);
// Of a step that counts; null: it does not.
const Limit* limit_of(const Step& step);
std::string limit_words(const Step& step);

// Schema causeway.firewall/1, docs/schema/firewall.schema.json.
std::string to_json(const Proof& proof);

}  // namespace causeway::firewall
