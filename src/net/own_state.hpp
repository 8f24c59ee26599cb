// The state of this machine that decides whether it can probe at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::net {

struct Link {
  std::string name;
  bool loopback = false;
  bool up = false;       // switched on
  bool running = false;  // and has a carrier
};
std::vector<Link> links();

struct FileRoom {
  std::uint64_t open = 0;   // descriptors of this process
  std::uint64_t limit = 0;  // RLIMIT_NOFILE
};
std::optional<FileRoom> file_room();

struct PortRoom {
  std::uint64_t in_use = 0;  // TCP sockets and those in TIME-WAIT
  std::uint64_t range = 0;   // net.ipv4.ip_local_port_range
};
std::optional<PortRoom> port_room();

// Whether the kernel knows its clock to be disciplined (adjtimex(2)); nothing when it does not say.
std::optional<bool> clock_synchronised();

// Of /proc/net/sockstat: "TCP: inuse 5 orphan 0 tw 2 ..." -> 7. Pure.
std::optional<std::uint64_t> tcp_sockets_in(std::string_view sockstat);
// Of ip_local_port_range: "32768\t60999" -> 28232. Pure.
std::optional<std::uint64_t> ports_in(std::string_view range);

}  // namespace causeway::net
