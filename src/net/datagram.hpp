// A UDP socket that talks to one endpoint and hears of ICMP errors about it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "base/address.hpp"
#include "net/fd.hpp"

namespace causeway::net {

class Datagram {
 public:
  Datagram(const Endpoint& remote, const std::optional<IpAddress>& source);

  int os_code() const { return os_code_; }  // errno; 0: ready
  const Fd& fd() const { return socket_; }
  const Endpoint& remote() const { return remote_; }

  int send(std::span<const std::byte> payload) const;  // 0 or errno
  // Bytes of the next datagram, cut to `into`; -1 when none waits.
  std::ptrdiff_t receive(std::span<std::byte> into) const;

 private:
  Endpoint remote_;
  Fd socket_;
  int os_code_ = 0;
};

}  // namespace causeway::net
