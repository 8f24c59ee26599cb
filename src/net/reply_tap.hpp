// The packets that answer our SYNs and that reset our connections, as they came off the wire: their
// TTL and window tell a reset of the origin from one of a box in between. Needs CAP_NET_RAW.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "net/fd.hpp"

namespace causeway::net {

struct SeenReply {
  std::uint16_t from_port = 0;
  std::uint16_t to_port = 0;
  bool reset = false;  // RST; else SYN-ACK
  bool acks = false;   // the ACK flag beside it: an application's reset has it, netfilter's not
  int ttl = 0;
  int window = 0;
  // Came in through the loopback interface though the address is not ours: our own firewall made
  // it.
  bool from_here = false;
};

class ReplyTaps {
 public:
  // From now on, packets of this address are seen. Without the privilege nothing happens.
  void listen(const IpAddress& address);

  // Of the connection `remote` - `local_port`: the newest SYN-ACK or RST, or the newest RST only.
  std::optional<SeenReply> reply(const Endpoint& remote, std::uint16_t local_port);
  std::optional<SeenReply> reset(const Endpoint& remote, std::uint16_t local_port);

 private:
  struct Tap {
    IpAddress address;
    Fd socket;
    Fd made_here;  // sees what comes in its name through loopback; none for our own addresses
    std::deque<SeenReply> seen;  // oldest first
  };

  Tap* tap(const IpAddress& address);
  static void drain(Tap& tap, const Fd& socket);
  std::optional<SeenReply> newest(const Endpoint& remote, std::uint16_t local_port, bool reset);

  std::vector<Tap> taps_;
  bool refused_ = false;
};

}  // namespace causeway::net
