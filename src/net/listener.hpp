// Sockets that listen.
#pragma once

#include "base/address.hpp"
#include "base/result.hpp"
#include "net/fd.hpp"

namespace causeway::net {

struct ListenOptions {
  Endpoint address;  // port 0: any free one. [::] takes IPv4 as well
  int backlog = 4096;
  bool shared = false;  // SO_REUSEPORT: several sockets share the port, each with its own queue
};

// Non-blocking. The error names the address and what to do about it.
Parsed<Fd> listen_tcp(const ListenOptions& options);

}  // namespace causeway::net
