// A snapshot, parsed once for all analyzers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/load.hpp"
#include "inspect/proc_text.hpp"
#include "inspect/snapshot.hpp"
#include "model/edge_ranges.hpp"

namespace causeway::inspect {

struct Question {
  model::EdgeRanges edge;
  std::vector<std::uint16_t> ports{80, 443};
  Duration since = std::chrono::hours{1};
};

struct View {
  View(const Snapshot& snapshot_, const Question& question_);

  const Snapshot& snapshot;
  const Question& question;
  firewall::Collection collection;
  std::vector<Process> processes;
  std::vector<TcpSocket> sockets;  // all families, at the beginning
  Numbers counters;                // /proc/net/snmp, snmp6, netstat together
  Numbers counters_later;
  Numbers machine;  // machine.txt

  bool sampled() const { return snapshot.sampled > Duration{}; }
  // How far a counter moved during the sample; nothing without one.
  std::optional<std::int64_t> moved(std::string_view counter) const;
  // Prefixes of the edge that share a bit with the family.
  std::vector<Prefix> edge(Family family) const;
  // Addresses that strangers can reach, of interfaces that are up, loopback left out.
  struct Own {
    IpAddress address;
    unsigned length = 0;
    std::string device;
    bool up = true;
  };
  std::vector<Own> own_addresses() const;
  const Process* owner_of(std::uint64_t inode) const;
};

}  // namespace causeway::inspect
