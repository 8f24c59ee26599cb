// What decides over packets on this host, as its own tools print it: the texts that the firewall
// proof reads. The same from a folder, and written to one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "firewall/load.hpp"

namespace causeway::inspect {

struct RulesetDumps {
  firewall::Dumps texts;
  // What may hold rules and could not be read, one sentence each: then nothing is proved.
  std::vector<std::string> unreadable;
  bool wants_root = false;  // at least one of them for lack of CAP_NET_ADMIN
};

// Spawns nft, iptables-*-save, ipset, ip and ss at the same time; reads /proc/sys. Nothing is
// changed and no kernel module is loaded for a stack that has no rules.
RulesetDumps collect_rulesets();

// The files of firewall::dump_names() that are there. A folder without any of them is an error.
Parsed<firewall::Dumps> read_dumps(const std::string& folder);
// Of dumps that somebody put together by hand: what is missing for a proof, one sentence each.
// A collection of our own says by itself what could not be read.
std::vector<std::string> missing_from(const firewall::Dumps& dumps);
// A folder for a collection: new, or empty and nobody else's, so that nothing of another collection
// or of another user's making is in it.
Parsed<void> make_private_folder(const std::string& folder);
// A file for its owner's eyes only, written whole. Wrong: there is one of that name already.
Parsed<void> write_private(const std::filesystem::path& path, std::string_view text);
// Into a folder that make_private_folder() has made.
Parsed<void> write_dumps(const firewall::Dumps& dumps, const std::string& folder);

}  // namespace causeway::inspect
