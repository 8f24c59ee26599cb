// The programs that bring a host from one grant to another: pure, from what the host has now. Each
// one is atomic by itself (one nft transaction, one commit of iptables-restore), and the whole list
// may run again after a crash at any place: what is there already is found in `now`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/ruleset_tables.hpp"
#include "firewall/load.hpp"
#include "guard/grant.hpp"
#include "inspect/run_program.hpp"

namespace causeway::guard {

// Rules that guard added carry this comment (nft) or stand in chains with this prefix (iptables).
inline constexpr std::string_view kComment = "causeway guard";
inline constexpr std::string_view kChainPrefix = "CAUSEWAY-";

struct Action {
  std::string layer;  // "nft", "iptables-legacy", "ufw", "firewalld", "fail2ban"
  inspect::Program program;
  // Exit codes besides 0 that mean "it is so already".
  std::vector<int> also_fine;
};

enum class Lasting : bool { until_reload, for_good };

// What makes `to` hold where `from` may hold, wholly or in part.
std::vector<Action> actions(const Grant& from, const Grant& to, const firewall::Dumps& now);

// firewalld keeps what is said with --permanent; ufw has kept it already.
std::vector<Action> lasting_actions(const Grant& from, const Grant& to);

// A command line for a person to read: words with blanks are quoted, input is shown below.
std::string shown(const Action& action);

}  // namespace causeway::guard
