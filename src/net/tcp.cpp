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
constexpr std::uint8_t kClosed = 7;
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

// The step that fails, or nothing.
std::optional<ConnectStep> prepare(const Fd& socket, const ConnectOptions& options) {
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
    if (::bind(socket.get(), own.get(), own.length) != 0) return ConnectStep::source;
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

// No note of the queue explains it when this is reached with an ICMP errno: then it is our
// kernel's.
ConnectOutcome outcome_of(int os_code) {
  switch (os_code) {
    case ECONNREFUSED: return ConnectOutcome::refused;
    case ECONNRESET: return ConnectOutcome::reset;
    case ETIMEDOUT: return ConnectOutcome::silent;
    default: return ConnectOutcome::local;
  }
}

// A rule of this machine's own firewall that drops outgoing SYNs is silent on TCP sockets. But a
// retransmission that the stack refuses to send is never counted as being under way: tcpi_retrans
// stays 0 (net/ipv4/tcp_output.c, tcp_retransmit_skb).
bool stopped_before_sending(const tcp_info& info) {
  return info.tcpi_state == kSynSent && info.tcpi_total_retrans > 0 && info.tcpi_retrans == 0;
}

void end(ConnectResult& result, ConnectOutcome outcome, int os_code) {
  result.outcome = outcome;
  result.os_code = os_code;
}

void drain_notes(const Fd& socket, const IpAddress& remote, ConnectResult& result) {
  while (auto note = take_note(socket, remote)) {
    if (!result.icmp || (!ends_attempt(*result.icmp) && ends_attempt(*note))) {
      result.icmp = std::move(*note);
    }
  }
}

// One attempt from its socket to its end.
class Dial {
 public:
  explicit Dial(const ConnectOptions& options) : options_(options) {}
  Task<ConnectResult> outcome();

 private:
  Task<void> await_end();

  ConnectOptions options_;
  Fd socket_;
  Instant began_;
  ConnectResult result_;
};

Task<void> Dial::await_end() {
  Loop& loop = Loop::current();
  while (co_await loop.write_edge(socket_, options_.deadline)) {
    result_.elapsed = Clock::now() - began_;
    if (connect_ended(socket_, options_.remote.address, result_)) co_return;
    Loop::drained_write(socket_);
  }
  result_.elapsed = Clock::now() - began_;
  if (connect_ended(socket_, options_.remote.address, result_)) co_return;
  result_.cut_short = loop.interrupted();
  connect_gave_up(socket_, result_);
}

Task<ConnectResult> Dial::outcome() {
  began_ = Clock::now();
  socket_ = begin_connect(options_, result_);
  if (socket_) {
    co_await await_end();
    result_.facts = tcp_facts(socket_);
    result_.facts.syn_retransmits = result_.facts.retransmits;
    if (const auto own = local_endpoint(socket_)) {
      result_.source = own->address;
      result_.local_port = own->port;
    }
  }
  if (result_.outcome == ConnectOutcome::open) {
    stop_queueing_errors(socket_, options_.remote.address.family());
    result_.socket = std::move(socket_);
  } else {
    socket_.reset();
  }
  co_return std::move(result_);
}

}  // namespace

std::string_view name(ConnectOutcome outcome) {
  constexpr std::array<std::string_view, 6> kNames{"open",   "refused", "icmp",
                                                   "silent", "reset",   "local"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

Task<ConnectResult> connect_tcp(ConnectOptions options) {
  Dial dial{options};
  co_return co_await dial.outcome();
}

Fd begin_connect(const ConnectOptions& options, ConnectResult& failed) {
  const Family family = options.remote.address.family();
  Fd socket{::socket(af_of(family), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) {
    failed.step = ConnectStep::socket;
    end(failed, ConnectOutcome::local, errno);
    return {};
  }
  if (const auto step = prepare(socket, options)) {
    failed.step = *step;
    end(failed, ConnectOutcome::local, errno);
    return {};
  }
  const SockAddr remote = to_sockaddr(options.remote);
  if (::connect(socket.get(), remote.get(), remote.length) == 0 || errno == EINPROGRESS) {
    return socket;
  }
  const int os_code = errno;
  const bool no_source = os_code == EADDRNOTAVAIL && source_is_missing(options.remote);
  failed.step = no_source ? ConnectStep::source : ConnectStep::connect;
  drain_notes(socket, options.remote.address, failed);
  end(failed, ConnectOutcome::local, os_code);
  return {};
}

// What ended it is read from the socket, not from the event.
bool connect_ended(const Fd& socket, const IpAddress& remote, ConnectResult& result) {
  // First the error, then its note: taking the last note out of the queue clears the error
  // (net/core/skbuff.c, sock_dequeue_err_skb).
  const int os_code = pending_error(socket);
  drain_notes(socket, remote, result);
  const bool told = result.icmp && ends_attempt(*result.icmp);
  const auto info = tcp_info_of(socket);
  const int state = info ? info->tcpi_state : kClosed;
  if (os_code == 0 && state != kSynSent && state != kClosed) {
    end(result, ConnectOutcome::open, 0);
  } else if (told) {
    // With the socket still connecting, too: an error that arrives while connect(2) holds it is
    // only queued, and the kernel goes on (tcp_v4_err, sk_err_soft). It is the answer all the same.
    end(result, ConnectOutcome::icmp, os_code != 0 ? os_code : result.icmp->os_code);
  } else if (os_code != 0) {
    result.step = ConnectStep::send;
    end(result, outcome_of(os_code), os_code);
  } else if (state == kClosed) {
    end(result, ConnectOutcome::reset, ECONNRESET);
  } else {
    return false;
  }
  return true;
}

void connect_gave_up(const Fd& socket, ConnectResult& result) {
  const auto info = tcp_info_of(socket);
  if (info && stopped_before_sending(*info)) {
    result.step = ConnectStep::send;
    end(result, ConnectOutcome::local, EPERM);
  } else {
    end(result, ConnectOutcome::silent, 0);
  }
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
