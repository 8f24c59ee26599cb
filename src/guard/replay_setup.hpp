// What makes a namespace into the host of a collection: programs and sysctls in order. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "firewall/load.hpp"
#include "inspect/run_program.hpp"

namespace causeway::guard {

struct ReplaySetup {
  // Each interface but lo, whose other end is outside; frames for a host go to kReplayMac.
  std::vector<std::string> devices;
  std::vector<inspect::Program> programs;  // addresses, routes, rules of routing, packet filters
  std::vector<std::pair<std::string, std::string>> sysctls;  // "net/ipv4/ip_forward", "1"
  std::vector<std::string> left_out;                         // what cannot be had in a namespace
};

inline constexpr const char* kReplayMac = "02:00:00:00:00:0a";

ReplaySetup replay_setup(const firewall::Dumps& dumps, const firewall::Collection& collection);

// `nft -j list ruleset` as `nft -j -f -` takes it: without handles, without the tables of
// iptables-nft (their save files hold them whole) and with the device that 1.0.6 does not print.
std::string loadable_nft(std::string_view listing, std::string_view bytecode,
                         const firewall::Collection& collection,
                         std::vector<std::string>& left_out);

}  // namespace causeway::guard
