// The programs that bring a host from one grant to another: pure, from what the host has now. Each
// one is atomic by itself (one nft transaction, one commit of iptables-restore), and the whole list
// may run again after a crash at any place: what is there already is found in `now`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/ruleset_tables.hpp"
#include "firewall/load.hpp"
#include "guard/grant.hpp"
#include "guard/settings.hpp"
#include "inspect/run_program.hpp"

namespace causeway::guard {

// Rules that guard added carry this comment (nft) or stand in chains with this prefix (iptables).
inline constexpr std::string_view kComment = "causeway guard";
inline constexpr std::string_view kChainPrefix = "CAUSEWAY-";

// A file that is replaced; a program has no words then.
struct FileChange {
  std::string path;
  std::string before;
  std::string after;
};

struct Action {
  std::string layer;  // "nft", "iptables-legacy", "ufw", "firewalld", "fail2ban", "csf", "nginx"...
  inspect::Program program;
  // Exit codes besides 0 that mean "it is so already".
  std::vector<int> also_fine;
  std::optional<FileChange> file;
};

enum class Lasting : bool { until_reload, for_good };

// What makes `to` hold where `from` may hold, wholly or in part.
std::vector<Action> actions(const Grant& from, const Grant& to, const firewall::Dumps& now);

// The rules that guard itself keeps are there; a reload by somebody else takes them out.
bool in_place(const Grant& kept, const firewall::Dumps& now);

// Before anything is changed: web servers whose files are to change say that their configuration is
// valid as it is.
std::vector<Action> checks(const Grant& to, const Settings& now, const Texts& wanted);
// CSF's part, before the others: it builds every chain anew, so rules are to be read again after
// it. The grant's files are `wanted` (settings.hpp).
std::vector<Action> csf_actions(const Grant& from, const Grant& to, const Settings& now,
                                const Texts& wanted);
// Web servers: files, whether the configuration is valid, and that it is read again; and CrowdSec.
std::vector<Action> settings_actions(const Grant& from, const Grant& to, const Settings& now,
                                     const Texts& wanted);

// firewalld keeps what is said with --permanent; ufw has kept it already.
std::vector<Action> lasting_actions(const Grant& from, const Grant& to);

// A command line for a person to read: words with blanks are quoted, input is shown below.
std::string shown(const Action& action);

}  // namespace causeway::guard
