// ICMP echo to one address, with or without privileges.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "net/fd.hpp"
#include "net/icmp_note.hpp"

namespace causeway::net {

class PingSocket {
 public:
  // A datagram ICMP socket where sysctl net.ipv4.ping_group_range allows it, else a raw one. When
  // neither is allowed, os_code() says so.
  PingSocket(const IpAddress& target, const std::optional<IpAddress>& source);

  int os_code() const { return os_code_; }  // errno; 0: ready
  bool permitted() const { return permitted_; }
  const Fd& socket() const { return socket_; }

  int send(std::uint16_t sequence);  // 0 or errno

  struct Reply {
    std::uint16_t sequence = 0;
    std::optional<int> ttl;
  };
  std::optional<Reply> receive();  // what has come; nothing when nothing is left
  std::optional<IcmpNote> take_note() { return net::take_note(socket_, target_); }

 private:
  void open(const std::optional<IpAddress>& source);

  IpAddress target_;
  Fd socket_;
  bool raw_ = false;
  bool permitted_ = true;
  std::uint16_t id_ = 0;
  int os_code_ = 0;
};

}  // namespace causeway::net
