#include "net/tcp.hpp"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/loop.hpp"
#include "net/sockaddr.hpp"

namespace causeway::net {
namespace {

// Not in linux/tcp.h: the states of tcp(7) as TCP_INFO counts them.
constexpr std::uint8_t kSynSent = 2;
constexpr std::uint8_t kTimeWait = 6;
constexpr std::uint8_t kCloseWait = 8;
constexpr std::uint8_t kLastAck = 9;
constexpr std::uint8_t kClosing = 11;

template <class T>
bool set(const Fd& socket, int level, int option, T value) {
  return ::setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
}

std::optional<tcp_info> tcp_info_of(const Fd& socket) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  return info;
}

int pending_error(const Fd& socket) {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

ConnectResult local(ConnectStep step, int os_code) {
  ConnectResult result;
  result.step = step;
  result.os_code = os_code;
  return result;
}

std::optional<ConnectResult> prepare(const Fd& socket, const ConnectOptions& options) {
  const Family family = options.remote.address.family();
  queue_errors(socket, family);
  set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.ttl > 0) {
    family == Family::ipv4 ? set(socket, IPPROTO_IP, IP_TTL, options.ttl)
                           : set(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, options.ttl);
  }
  if (options.mss > 0) set(socket, IPPROTO_TCP, TCP_MAXSEG, options.mss);
  if (options.source) {
    // The port is chosen by connect(2), for this destination: bind(2) would take one for all.
    set(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    const SockAddr own = to_sockaddr({*options.source, 0});
    if (::bind(socket.get(), own.get(), own.length) != 0) return local(ConnectStep::source, errno);
  }
  return std::nullopt;
}

// EADDRNOTAVAIL out of connect(2) is either "no local port is left" or "no source address fits":
// a datagram socket needs the address but no particular port.
bool source_is_missing(const Endpoint& remote) {
  const Fd probe{::socket(af_of(remote.address.family()), SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const SockAddr to = to_sockaddr(remote);
  return probe && ::connect(probe.get(), to.get(), to.length) != 0 && errno == EADDRNOTAVAIL;
}

// A note that says the SYN did not get there. Fragmentation-needed is advice, the kernel tries
// again.
bool ends_attempt(const IcmpNote& note) {
  return !note.local && note.name != "fragmentation-needed" && note.name != "packet-too-big";
}

void drain_notes(const Fd& socket, const IpAddress& target, ConnectResult& result) {
  while (auto note = take_note(socket, target)) {
    if (!result.icmp || (!ends_attempt(*result.icmp) && ends_attempt(*note))) {
      result.icmp = std::move(*note);
    }
  }
}

void note_facts(const Fd& socket, ConnectResult& result) {
  result.facts = tcp_facts(socket);
  result.facts.syn_retransmits = result.facts.retransmits;
  if (const auto own = local_endpoint(socket)) result.source = own->address;
}

ConnectOutcome outcome_of(int os_code, const std::optional<IcmpNote>& note) {
  if (note && ends_attempt(*note)) return ConnectOutcome::icmp;
  switch (os_code) {
    case ECONNREFUSED: return ConnectOutcome::refused;
    case ECONNRESET: return ConnectOutcome::reset;
    case ETIMEDOUT: return ConnectOutcome::silent;
    default: return ConnectOutcome::local;
  }
}

bool still_connecting(const Fd& socket) {
  const auto info = tcp_info_of(socket);
  return info && info->tcpi_state == kSynSent;
}

// Waits for SYN-ACK, error or deadline. What ended it is read from the socket, not from the event.
Task<void> await_outcome(const Fd& socket, const ConnectOptions& options, ConnectResult& result) {
  Loop& loop = Loop::current();
  while (true) {
    const bool happened = co_await loop.write_edge(socket, options.deadline);
    drain_notes(socket, options.remote.address, result);
    result.os_code = pending_error(socket);
    if (result.os_code != 0) {
      result.outcome = outcome_of(result.os_code, result.icmp);
      co_return;
    }
    if (!still_connecting(socket)) {
      result.outcome = ConnectOutcome::open;
      co_return;
    }
    // An ICMP error that arrives while connect(2) still holds the socket is only queued, and the
    // kernel goes on (tcp_v4_err, "sk_err_soft"): it is the answer all the same.
    if (result.icmp && ends_attempt(*result.icmp)) {
      result.outcome = ConnectOutcome::icmp;
      result.os_code = result.icmp->os_code;
      co_return;
    }
    if (!happened) {
      result.outcome = ConnectOutcome::silent;
      co_return;
    }
    Loop::drained_write(socket);
  }
}

}  // namespace

std::string_view name(ConnectOutcome outcome) {
  constexpr std::array<std::string_view, 6> kNames{"open",   "refused", "icmp",
                                                   "silent", "reset",   "local"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

Task<ConnectResult> connect_tcp(ConnectOptions options) {
  const Family family = options.remote.address.family();
  Fd socket{::socket(af_of(family), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) co_return local(ConnectStep::socket, errno);
  if (auto failed = prepare(socket, options)) co_return std::move(*failed);

  ConnectResult result;
  const SockAddr remote = to_sockaddr(options.remote);
  const Instant began = Clock::now();
  const int connected = ::connect(socket.get(), remote.get(), remote.length);
  const int os_code = connected == 0 ? 0 : errno;
  if (os_code != 0 && os_code != EINPROGRESS) {
    const bool no_source = os_code == EADDRNOTAVAIL && source_is_missing(options.remote);
    result = local(no_source ? ConnectStep::source : ConnectStep::connect, os_code);
    result.elapsed = Clock::now() - began;
    drain_notes(socket, options.remote.address, result);
    co_return result;
  }
  if (os_code == EINPROGRESS) {
    co_await await_outcome(socket, options, result);
  } else {
    result.outcome = ConnectOutcome::open;
  }
  result.elapsed = Clock::now() - began;
  note_facts(socket, result);
  if (result.outcome == ConnectOutcome::open) {
    stop_queueing_errors(socket, family);
    result.socket = std::move(socket);
  }
  co_return result;
}

TcpFacts tcp_facts(const Fd& socket) {
  const auto info = tcp_info_of(socket);
  if (!info) return {};
  TcpFacts facts;
  facts.bytes_acked = info->tcpi_bytes_acked > 0 ? info->tcpi_bytes_acked - 1 : 0;
  facts.peer_closed = info->tcpi_state == kCloseWait || info->tcpi_state == kLastAck ||
                      info->tcpi_state == kClosing || info->tcpi_state == kTimeWait;
  facts.bytes_received = info->tcpi_bytes_received;
  if (facts.peer_closed && facts.bytes_received > 0) --facts.bytes_received;
  facts.unacked = info->tcpi_unacked;
  if (int queued = 0; ::ioctl(socket.get(), SIOCOUTQ, &queued) == 0 && queued > 0) {
    facts.unacked_bytes = static_cast<std::uint64_t>(queued);
  }
  facts.retransmits = info->tcpi_total_retrans;
  facts.rtt = std::chrono::microseconds{info->tcpi_rtt};
  facts.mss = info->tcpi_snd_mss;
  return facts;
}

std::string_view errno_name(int code) {
  if (code == 0) return "0";
  const char* name = ::strerrorname_np(code);
  return name == nullptr ? std::string_view{"unknown"} : std::string_view{name};
}

}  // namespace causeway::net
