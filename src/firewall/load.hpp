// Dumps of a host become a Ruleset and a Host.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "codec/ruleset_nft.hpp"
#include "codec/ruleset_tables.hpp"
#include "firewall/host.hpp"
#include "firewall/model.hpp"

namespace causeway::firewall {

// The texts of one collection, by file name ("nft.json", "iptables-legacy-save.txt" ...): the
// layout that `causeway inspect --collect` writes. What is missing had nothing to say.
using Dumps = std::map<std::string, std::string, std::less<>>;

// The names that are looked for.
const std::vector<std::string>& dump_names();

struct Collection {
  Ruleset rules;
  Host host;
  Arrival arrival;
  // Dumps that could not be read at all: the proof then has no value.
  std::vector<std::string> unreadable;
};

Collection load(Dumps dumps);

// --- parts, for the loader's own files and their tests ---

// Builds rules while reading several dumps: names are resolved here.
class Builder {
 public:
  explicit Builder(Ruleset& out) : out_(out) {}

  std::uint32_t table(Stack stack, std::string_view family, std::string_view name);
  std::uint32_t chain(std::uint32_t table, std::string_view name);
  const std::uint32_t* find_chain(std::uint32_t table, std::string_view name) const;
  std::uint32_t add_set(std::string_view scope, Set set);
  const std::uint32_t* find_set(std::string_view scope, std::string_view name) const;
  void add_rule(std::uint32_t chain, Rule rule);
  void note(std::string text) { out_.notes.push_back(std::move(text)); }
  // nft's named limits and quotas.
  void add_object(std::string name, codec::Json data) { objects_.emplace(std::move(name), data); }
  codec::Json find_object(std::string_view name) const;
  // The kernel tracks connections of this family from now on.
  void tracks(std::string_view family);
  // Whether packets may come through a bridge of this host before they meet rules of this family.
  bool bridged(Family family) const { return family == Family::ipv4 ? bridged4_ : bridged6_; }
  void set_bridged(bool ipv4, bool ipv6) {
    bridged4_ = ipv4;
    bridged6_ = ipv6;
  }
  Ruleset& out() { return out_; }

 private:
  bool bridged4_ = false;
  bool bridged6_ = false;
  Ruleset& out_;
  std::map<std::string, std::uint32_t, std::less<>> tables_;
  std::map<std::string, std::uint32_t, std::less<>> chains_;
  std::map<std::string, std::uint32_t, std::less<>> sets_;
  std::map<std::string, codec::Json, std::less<>> objects_;
};

void load_ipsets(const codec::IpsetDump& dump, Builder& builder);
// Legacy tables, or iptables-nft's as saved when nft's own listing is missing.
void load_tables(const codec::TablesDump& dump, Stack stack, Family family, Builder& builder);
// What matters for nft's rules and is not in its listing.
struct NftAround {
  std::string_view bytecode;  // nft-bytecode.txt; empty: there is none
  bool on_bridge = false;     // the edge's packets come in over a bridge of this host
};
void load_nft(const codec::NftDump& dump, const codec::TablesDump* saved4,
              const codec::TablesDump* saved6, const NftAround& around, Builder& builder);

// One saved rule's matches and target. `table` resolves the chains it names.
std::vector<Step> steps_of(const codec::TablesRule& rule, Family family, std::uint32_t table,
                           Builder& builder);
// nft's: true when the rule contains a match or target of iptables, whose arguments are missing.
bool has_foreign_steps(codec::Json statements);
std::vector<Step> steps_of(codec::Json statements, std::string_view family,
                           std::string_view table_name, std::uint32_t table, bool matches_only,
                           Builder& builder);

}  // namespace causeway::firewall
