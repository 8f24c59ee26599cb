// What /proc says, as values. Pure; lines that are not understood are left out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace causeway::inspect {

// A line of /proc/net/tcp or tcp6 (proc(5)).
struct TcpSocket {
  Endpoint local;
  Endpoint remote;
  enum class State : std::uint8_t { established = 1, syn_received = 3, listen = 10, other = 0 };
  State state = State::other;
  std::int64_t receive_queue = 0;  // of a listener: connections that wait to be accepted
  std::uint64_t inode = 0;
};
std::vector<TcpSocket> parse_proc_tcp(std::string_view text, Family family);

// "MemTotal:  8 kB" and "oom_kill 3": name and number, in the unit of the file.
using Numbers = std::map<std::string, std::int64_t, std::less<>>;
Numbers parse_numbers(std::string_view text);

// /proc/net/snmp and netstat: a line of names, a line of values: "TcpExt.ListenDrops". Also
// /proc/net/snmp6, which has a name and a number a line: "Ip6OutNoRoutes".
Numbers parse_counters(std::string_view text);

// /proc/net/stat/nf_conntrack: one line a processor, hexadecimal; added up.
Numbers parse_conntrack_counters(std::string_view text);

// /proc/pressure/*: percent of the last 10 and 60 seconds in which some (all) tasks waited.
struct Pressure {
  double some10 = 0;
  double some60 = 0;
  double full10 = 0;
  double full60 = 0;
};
std::optional<Pressure> parse_pressure(std::string_view text);

// A line of the dump "processes.txt" (collect.cpp writes it). Fields that could not be seen are 0.
struct Process {
  std::int64_t pid = 0;
  std::int64_t parent = 0;
  char state = '?';  // of proc(5): R S D T t Z
  bool here = true;  // in the network namespace of the inspection
  std::int64_t uid = 0;
  double age_s = 0;        // since it was started
  std::int64_t files = 0;  // open descriptors
  std::int64_t files_most = 0;
  std::int64_t memory_kb = 0;
  std::string unit;                    // systemd's, or the container's id
  std::vector<std::uint64_t> sockets;  // inodes of its listening sockets
  std::string name;                    // comm
  std::string config;                  // value of -c, -f, --config: never other arguments

  bool operator==(const Process&) const = default;
};
std::string write_process(const Process& process);
std::vector<Process> parse_processes(std::string_view text);

// /proc/net/dev, by interface.
struct Traffic {
  double received = 0;  // bytes since it came up
  double sent = 0;
};
std::map<std::string, Traffic, std::less<>> parse_devices(std::string_view text);

// A line of the dump "disks.txt": MOUNT TYPE BYTES AVAILABLE INODES FREE-INODES rw|ro
struct Disk {
  std::string mount;
  std::string type;
  double bytes = 0;
  double available = 0;
  double inodes = 0;  // 0: the file system does not count them
  double free_inodes = 0;
  bool writable = true;

  bool operator==(const Disk&) const = default;
};
std::string write_disk(const Disk& disk);
std::vector<Disk> parse_disks(std::string_view text);

// A line of the dump "arrivals.txt": CLIENT PORT syns answers resets data replies
struct Arrival {
  IpAddress client;
  std::uint16_t port = 0;
  std::int64_t syns = 0;
  std::int64_t answers = 0;
  std::int64_t resets = 0;
  std::int64_t data = 0;
  std::int64_t replies = 0;

  bool operator==(const Arrival&) const = default;
};
std::string write_arrival(const Arrival& arrival);
std::vector<Arrival> parse_arrivals(std::string_view text);

// "ID=debian" of os-release(5), quotes taken off.
std::string os_release(std::string_view text, std::string_view key);

// `ip -j neigh`: next hop -> state ("REACHABLE", "FAILED", "PERMANENT" ...).
std::map<IpAddress, std::string> parse_neighbours(std::string_view json);

}  // namespace causeway::inspect
