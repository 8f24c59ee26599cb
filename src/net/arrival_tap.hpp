// TCP packets for some ports as they reach this machine, before any filter of its own sees them,
// and the answers that really leave it (packet(7)). Needs CAP_NET_RAW.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "net/fd.hpp"

namespace causeway::net {

constexpr std::size_t kArrivalPorts = 16;
constexpr std::size_t kArrivalClients = 4096;
constexpr int kArrivalPacketsRead = 200'000;  // at one look
constexpr int kArrivalBuffer = 8 * 1024 * 1024;

struct ArrivalCount {
  std::int64_t syns = 0;     // came in
  std::int64_t answers = 0;  // SYN-ACKs that left
  std::int64_t resets = 0;   // left
  std::int64_t data = 0;     // packets with payload that came in
  std::int64_t replies = 0;  // packets with payload that left
};

using ArrivalCounts = std::map<std::pair<IpAddress, std::uint16_t>, ArrivalCount>;

class ArrivalTap {
 public:
  // Not open when the kernel does not allow it. At most kArrivalPorts ports are heard.
  static ArrivalTap open(const std::vector<std::uint16_t>& ports);

  explicit operator bool() const { return static_cast<bool>(socket_); }
  // Reads what has come until now, and what comes until `end`.
  void listen(Instant end);
  // By client and own port.
  const ArrivalCounts& counts() const { return counts_; }
  // Packets were lost or clients left out: that somebody is not there means nothing.
  bool incomplete() const { return incomplete_; }

 private:
  void drain();

  Fd socket_;
  std::vector<std::uint16_t> ports_;
  ArrivalCounts counts_;
  bool incomplete_ = false;
};

// One packet from its IP header on, as counted. Pure.
void count_arrival(std::span<const std::byte> packet, bool outgoing,
                   const std::vector<std::uint16_t>& ports, ArrivalCounts& counts,
                   bool& incomplete);

}  // namespace causeway::net
