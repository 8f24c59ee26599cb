// One TCP connection attempt, with everything the kernel can be made to say about how it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.hpp"
#include "base/time.hpp"
#include "net/fd.hpp"
#include "net/icmp_note.hpp"
#include "net/task.hpp"

namespace causeway::net {

struct ConnectOptions {
  Endpoint remote;
  std::optional<IpAddress> source;  // own address to connect from
  Instant deadline = kNever;
  int ttl = 0;  // hops; 0: the system's
  int mss = 0;  // largest segment to offer; 0: the path's
};

// From TCP_INFO, in payload bytes: the kernel counts the SYN as one byte acknowledged and the FIN
// as one byte received, this does not.
struct TcpFacts {
  std::uint64_t bytes_acked = 0;
  std::uint64_t bytes_received = 0;
  unsigned unacked = 0;  // segments under way
  // Bytes written and not acknowledged, sent or not (SIOCOUTQ): also counts what a closed window
  // holds back, which `unacked` does not.
  std::uint64_t unacked_bytes = 0;
  unsigned retransmits = 0;      // of the whole connection, SYNs among them
  unsigned syn_retransmits = 0;  // set by connect_tcp
  Duration rtt{};
  unsigned mss = 0;
  bool peer_closed = false;  // its FIN has come
};

enum class ConnectOutcome : std::uint8_t {
  open,
  refused,  // RST: the error queue is empty
  icmp,
  silent,
  reset,  // right after the handshake
  local,  // this machine refuses, no packet of the other side had a part in it
};
std::string_view name(ConnectOutcome outcome);

// The call that failed when the outcome is local: the same errno means different things.
enum class ConnectStep : std::uint8_t {
  socket,
  source,   // bind(2), or no source address fits
  connect,  // connect(2) fails at once
  send,     // the kernel takes the connection but its packets do not leave
};

struct ConnectResult {
  ConnectOutcome outcome = ConnectOutcome::local;
  Fd socket;        // when open
  int os_code = 0;  // errno
  ConnectStep step = ConnectStep::connect;
  Duration elapsed{};
  std::optional<IcmpNote> icmp;  // kept also when it is not the outcome
  std::optional<IpAddress> source;
  std::uint16_t local_port = 0;
  TcpFacts facts;
  bool cut_short = false;  // interrupted before the deadline: silence means nothing
};

// Never throws, always reports. An interrupt of the loop counts as the deadline.
Task<ConnectResult> connect_tcp(ConnectOptions options);

// The parts of connect_tcp(), for those who keep very many attempts under way and own little for
// each. Wait with Loop::write_edge; at each wake ask whether it has ended.
Fd begin_connect(const ConnectOptions& options, ConnectResult& failed);  // none: `failed` says why
bool connect_ended(const Fd& socket, const IpAddress& remote, ConnectResult& result);
// The deadline passed and it has not ended; `result.elapsed` is the caller's.
void connect_gave_up(const Fd& socket, ConnectResult& result);

TcpFacts tcp_facts(const Fd& socket);

std::string_view errno_name(int code);  // "ECONNREFUSED"; "0" for 0, "unknown" for what has no name

}  // namespace causeway::net
