// What iptables-save, ip6tables-save (either variant) and ipset save print, as written: names,
// options and words, no meaning yet.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace causeway::codec {

struct TablesOption {
  bool negated = false;
  std::string name;  // "--dport", "-s"
  std::vector<std::string> words;
};

// A match (-m NAME) or the target (-j NAME) with the options that follow it.
struct TablesModule {
  std::string name;
  std::vector<TablesOption> options;

  const TablesOption* find(std::string_view option) const;
  // The option's word, or empty.
  std::string_view word(std::string_view option, std::size_t index = 0) const;
};

struct TablesRule {
  std::string chain;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::string text;                  // the line without its counters
  std::vector<TablesOption> basics;  // -s -d -i -o -p -f
  std::vector<TablesModule> matches;
  TablesModule target;  // empty name: the rule only counts
  bool go_to = false;   // -g
};

struct TablesChain {
  std::string name;
  std::string policy;  // "-" for a chain of the user's
  std::uint64_t packets = 0;
};

struct Table {
  std::string name;
  std::vector<TablesChain> chains;
  std::vector<TablesRule> rules;  // in the order of the dump
};

struct TablesDump {
  std::vector<Table> tables;
  std::vector<std::string> skipped;  // lines that are not understood, with their number
};

// Fails only on a dump beyond the limits.
Parsed<TablesDump> parse_tables_save(std::string_view text);

struct IpsetElement {
  std::string text;  // "10.0.0.0/8,tcp:80"
  bool nomatch = false;
};

struct Ipset {
  std::string name;
  std::string type;       // "hash:net,port"
  bool ipv6 = false;      // family inet6
  int netmask = -1;       // -1: none
  bool odd_mask = false;  // "bitmask", which is not a prefix
  std::vector<IpsetElement> elements;
};

struct IpsetDump {
  std::vector<Ipset> sets;
  std::vector<std::string> skipped;
};

Parsed<IpsetDump> parse_ipset_save(std::string_view text);

}  // namespace causeway::codec
