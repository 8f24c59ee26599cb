// iptables rules: the parts of their loader.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "codec/ruleset_tables.hpp"
#include "firewall/load.hpp"
#include "firewall/model.hpp"

namespace causeway::firewall {

// Why a match or target cannot be judged from a dump.
constexpr const char* kWhyModule = "a match that is not understood";
constexpr const char* kWhyClock = "depends on the time";
constexpr const char* kWhyContent = "depends on what is sent";
constexpr const char* kWhyChance = "depends on chance";
constexpr const char* kWhyServer = "depends on the user or group of the server's process";
constexpr const char* kWhyHardware = "depends on hardware addresses, processors or device groups";

// "80", "1024:65535"
std::optional<Interval> port_range(std::string_view text);
// "536:65535", "5"
std::optional<Interval> number_range(std::string_view text);
// "0x10/0xff"
struct Masked {
  Key value = 0;
  Key mask = 0xffffffff;
};
std::optional<Masked> masked_number(std::string_view text);
std::string_view first_word(const codec::TablesOption& option);
Compare compare(Field field, IntervalSet values, bool negated);

// The fields an ipset is asked with: "src,dst".
std::vector<Term> ipset_key(const Set& set, std::string_view directions);

// Reads one module's options into steps; whatever fails makes the whole match unknown.
class MatchReader {
 public:
  MatchReader(const codec::TablesModule& module, Family family, Builder& builder,
              std::vector<Step>& out)
      : module_(module), family_(family), builder_(builder), out_(out) {}

  void read();

 private:
  void plain();
  bool all_negated() const;
  bool add(Compare step);
  bool unknown(const char* why);
  void track() { builder_.tracks(family_ == Family::ipv4 ? "ip" : "ip6"); }

  // load_matches.cpp: who, where, which connection
  bool tcp();
  bool icmp();
  bool multiport();
  bool conntrack();
  bool conntrack_option(const codec::TablesOption& option, ConntrackMatch& step);
  bool state();
  bool set();
  bool mark();
  bool connmark();
  bool addrtype();
  bool iprange();
  bool rpfilter();
  bool pkttype();
  bool policy();
  bool physdev();
  bool ipv6header();
  // load_match_limits.cpp: how much, how often, when
  bool limit();
  bool hashlimit();
  bool recent();
  bool connlimit();
  bool tcpmss();
  bool statistic();
  bool length();
  bool ttl();
  bool dscp();
  bool tos();
  bool time();
  bool string();
  bool connbytes();
  bool quota();
  bool u32();

  const codec::TablesModule& module_;
  Family family_;
  Builder& builder_;
  std::vector<Step>& out_;
};

void read_matches(const codec::TablesRule& rule, Family family, Builder& builder,
                  std::vector<Step>& out);
// The target, with the table's chains in reach. False: the rule only counts or logs.
bool read_target(const codec::TablesRule& rule, Family family, std::uint32_t table,
                 Builder& builder, std::vector<Step>& out);

}  // namespace causeway::firewall
