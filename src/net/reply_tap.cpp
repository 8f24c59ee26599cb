#include "net/reply_tap.hpp"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/limits.hpp"
#include "net/icmp_note.hpp"
#include "net/sockaddr.hpp"

namespace causeway::net {
namespace {

constexpr unsigned kFin = 0x01;
constexpr unsigned kSyn = 0x02;
constexpr unsigned kRst = 0x04;
constexpr unsigned kAck = 0x10;
constexpr std::size_t kTcpHeader = 20;
constexpr unsigned kLoopbackLink = 1;  // in every network namespace (net/core/dev.c)

unsigned word(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<unsigned>(bytes[at]) << 8U | std::to_integer<unsigned>(bytes[at + 1]);
}

enum class From : std::uint8_t { anywhere, outside, loopback };

// Only SYN and RST leave the kernel: the flags are byte 13 of the TCP header (RFC 9293
// section 3.1). A raw IPv4 socket sees the IP header before it, a raw IPv6 socket does not (raw(7),
// RFC 3542). Where a packet came in is asked here: IP_PKTINFO names, for packets of our own that
// come back through loopback, the interface they were meant for.
bool keep_only_ends(const Fd& socket, Family family, From from) {
  const auto statement = [](int code, unsigned value) {
    return sock_filter{static_cast<std::uint16_t>(code), 0, 0, value};
  };
  constexpr auto kLink = static_cast<unsigned>(SKF_AD_OFF + SKF_AD_IFINDEX);
  const bool wants_loopback = from != From::outside;
  const bool wants_others = from != From::loopback;
  // Four statements follow the jump; the last drops.
  const std::uint8_t on_loopback = wants_loopback ? 0 : 4;
  const std::uint8_t on_others = wants_others ? 0 : 4;
  std::array<sock_filter, 7> code{
      statement(BPF_LD | BPF_W | BPF_ABS, kLink),
      sock_filter{BPF_JMP | BPF_JEQ | BPF_K, on_loopback, on_others, kLoopbackLink},
      family == Family::ipv4 ? statement(BPF_LDX | BPF_B | BPF_MSH, 0)
                             : statement(BPF_LDX | BPF_W | BPF_IMM, 0),
      statement(BPF_LD | BPF_B | BPF_IND, 13),
      sock_filter{BPF_JMP | BPF_JSET | BPF_K, 0, 1, kSyn | kRst},
      statement(BPF_RET | BPF_K, 128),
      statement(BPF_RET | BPF_K, 0),
  };
  const sock_fprog program{.len = code.size(), .filter = code.data()};
  return ::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

Fd open_tap(const IpAddress& address, From from) {
  const Family family = address.family();
  Fd socket{::socket(af_of(family), SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP)};
  if (!socket || !keep_only_ends(socket, family, from)) return {};
  if (family == Family::ipv6) {
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on);
  }
  const SockAddr peer = to_sockaddr({address, 0});
  if (::connect(socket.get(), peer.get(), peer.length) != 0) return {};
  return socket;
}

std::optional<SeenReply> reply_of(std::span<const std::byte> tcp, int ttl) {
  if (tcp.size() < kTcpHeader) return std::nullopt;
  const auto flags = std::to_integer<unsigned>(tcp[13]);
  if ((flags & kRst) == 0 && (flags & (kSyn | kAck | kFin)) != (kSyn | kAck)) return std::nullopt;
  SeenReply reply;
  reply.from_port = static_cast<std::uint16_t>(word(tcp, 0));
  reply.to_port = static_cast<std::uint16_t>(word(tcp, 2));
  reply.reset = (flags & kRst) != 0;
  reply.acks = (flags & kAck) != 0;
  reply.window = static_cast<int>(word(tcp, 14));
  reply.ttl = ttl;
  return reply;
}

int hop_limit(msghdr& message) {
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != IPPROTO_IPV6 || at->cmsg_type != IPV6_HOPLIMIT) continue;
    int value = 0;
    std::memcpy(&value, CMSG_DATA(at), sizeof value);
    return value;
  }
  return 0;
}

std::optional<SeenReply> parse_v4(std::span<const std::byte> packet) {
  if (packet.size() < 20) return std::nullopt;
  const std::size_t header = (std::to_integer<std::size_t>(packet[0]) & 0x0fU) * 4;
  if (header < 20 || packet.size() < header) return std::nullopt;
  return reply_of(packet.subspan(header), std::to_integer<int>(packet[8]));
}

}  // namespace

void ReplyTaps::listen(const IpAddress& address) {
  if (refused_ || tap(address) != nullptr || taps_.size() >= limits::kTaps) return;
  const bool own = is_own_address(address);
  Tap tap{address, open_tap(address, own ? From::anywhere : From::outside), {}, {}};
  if (!tap.socket) {
    refused_ = errno == EPERM || errno == EACCES;
    return;
  }
  if (!own) tap.made_here = open_tap(address, From::loopback);
  taps_.push_back(std::move(tap));
}

ReplyTaps::Tap* ReplyTaps::tap(const IpAddress& address) {
  const auto at = std::ranges::find(taps_, address, &Tap::address);
  return at == taps_.end() ? nullptr : &*at;
}

void ReplyTaps::drain(Tap& tap, const Fd& socket) {
  for (int i = 0; i < limits::kTapPacketsRead; ++i) {
    std::array<std::byte, 128> packet{};
    alignas(cmsghdr) std::array<std::byte, 128> control{};
    iovec part{packet.data(), packet.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto got = ::recvmsg(socket.get(), &message, MSG_DONTWAIT);
    if (got < 0) return;
    const std::span<const std::byte> bytes{packet.data(), static_cast<std::size_t>(got)};
    auto reply = tap.address.is_v4() ? parse_v4(bytes) : reply_of(bytes, hop_limit(message));
    if (!reply) continue;
    reply->from_here = &socket == &tap.made_here;
    tap.seen.push_back(*reply);
    if (tap.seen.size() > limits::kTapPacketsKept) tap.seen.pop_front();
  }
}

std::optional<SeenReply> ReplyTaps::newest(const Endpoint& remote, std::uint16_t local_port,
                                           bool reset) {
  Tap* found = tap(remote.address);
  if (found == nullptr || local_port == 0) return std::nullopt;
  drain(*found, found->socket);
  if (found->made_here) drain(*found, found->made_here);
  const auto at = std::find_if(found->seen.rbegin(), found->seen.rend(), [&](const auto& seen) {
    return seen.from_port == remote.port && seen.to_port == local_port && (seen.reset || !reset);
  });
  if (at == found->seen.rend()) return std::nullopt;
  return *at;
}

std::optional<SeenReply> ReplyTaps::reply(const Endpoint& remote, std::uint16_t local_port) {
  return newest(remote, local_port, false);
}

std::optional<SeenReply> ReplyTaps::reset(const Endpoint& remote, std::uint16_t local_port) {
  return newest(remote, local_port, true);
}

}  // namespace causeway::net
