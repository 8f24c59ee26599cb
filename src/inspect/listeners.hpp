#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "inspect/view.hpp"

namespace causeway::inspect {

std::vector<codec::Listener> listeners_of(const View& view);

// How one address of this host stands with a port: any (somebody takes its connections), none,
// loopback, other-address, one-family (only the other family is served).
std::string_view binding(const std::vector<codec::Listener>& listeners, const IpAddress& address,
                         std::string_view device, std::uint16_t port);

// Of the sockets that listen on the port.
std::vector<std::uint64_t> inodes_on(const View& view, std::uint16_t port);

}  // namespace causeway::inspect
