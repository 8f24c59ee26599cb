// Everything an inspection reads, as text under file names: collectors fill it, analyzers only ever
// see it. The same from a folder (--from) and written to one (--collect).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "firewall/load.hpp"

namespace causeway::inspect {

enum class Outcome : std::uint8_t { read, missing, denied, late, failed };
std::string_view name(Outcome outcome);

struct Dump {
  std::string text;
  Outcome outcome = Outcome::read;
  std::string detail;  // why it was not read
  Duration elapsed{};
};

struct Snapshot {
  WallTime at;
  std::string host;
  bool root = false;
  Duration sampled{};                              // 0: nothing was read twice
  std::map<std::string, Dump, std::less<>> dumps;  // "meminfo.txt"; read again: "later-netstat.txt"
  firewall::Dumps rulesets;
  firewall::Dumps rulesets_later;                // at the end of the sample
  std::vector<std::string> rulesets_unreadable;  // then nothing is proved about filters
  bool rulesets_want_root = false;

  // Empty when it was not read.
  std::string_view text(std::string_view dump) const;
  bool was_read(std::string_view dump) const;
  void keep(std::string dump, std::string text, Duration elapsed = {});
};

// The folder of a collection: one file a dump, the rulesets beside them in the layout of
// firewall::dump_names(), those read later below later/, and inspect.txt, which says what became of
// each collector. Files are for their owner's eyes only.
Parsed<void> write_folder(const Snapshot& snapshot, const std::string& folder);
// A folder that holds only rulesets (as other programs may have written them) will do.
Parsed<Snapshot> read_folder(const std::string& folder);

// inspect.txt; both pure.
std::string write_journal(const Snapshot& snapshot);
Parsed<Snapshot> read_journal(std::string_view text);

}  // namespace causeway::inspect
