#include "net/arrival_tap.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace causeway::net {
namespace {

constexpr unsigned kFin = 0x01;
constexpr unsigned kSyn = 0x02;
constexpr unsigned kRst = 0x04;
constexpr unsigned kAck = 0x10;
constexpr unsigned kTcp = 6;
constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kPacketKept = 128;

unsigned byte_at(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<unsigned>(bytes[at]);
}
unsigned word_at(std::span<const std::byte> bytes, std::size_t at) {
  return byte_at(bytes, at) << 8U | byte_at(bytes, at + 1);
}

struct Segment {
  IpAddress source;
  IpAddress target;
  std::span<const std::byte> tcp;
  std::size_t payload = 0;
};

template <std::size_t N>
std::array<std::uint8_t, N> address_at(std::span<const std::byte> packet, std::size_t at) {
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i) {
    out[i] = static_cast<std::uint8_t>(byte_at(packet, at + i));
  }
  return out;
}

// Nothing for fragments and for IPv6 with extension headers: TCP to a web server has neither.
bool read_segment(std::span<const std::byte> packet, Segment& out) {
  if (packet.size() < kIpv4Header) return false;
  std::size_t header = 0;
  std::size_t total = 0;
  const unsigned version = byte_at(packet, 0) >> 4U;
  if (version == 4) {
    header = (byte_at(packet, 0) & 0x0fU) * std::size_t{4};
    total = word_at(packet, 2);
    const bool fragment = (word_at(packet, 6) & 0x1fffU) != 0;
    if (byte_at(packet, 9) != kTcp || fragment || header < kIpv4Header) return false;
    out.source = IpAddress::v4(address_at<4>(packet, 12));
    out.target = IpAddress::v4(address_at<4>(packet, 16));
  } else if (version == 6 && packet.size() >= kIpv6Header) {
    header = kIpv6Header;
    total = word_at(packet, 4) + kIpv6Header;
    if (byte_at(packet, 6) != kTcp) return false;
    out.source = IpAddress::v6(address_at<16>(packet, 8));
    out.target = IpAddress::v6(address_at<16>(packet, 24));
  } else {
    return false;
  }
  if (packet.size() < header + kTcpHeader) return false;
  out.tcp = packet.subspan(header);
  const std::size_t tcp_header = (byte_at(out.tcp, 12) >> 4U) * std::size_t{4};
  out.payload = total > header + tcp_header ? total - header - tcp_header : 0;
  return true;
}

// Classic BPF: TCP whose source or destination port is one of ours. The packet begins with its IP
// header (SOCK_DGRAM).
std::vector<sock_filter> only_ports(const std::vector<std::uint16_t>& ports) {
  std::vector<sock_filter> out;
  const auto add = [&out](int code, unsigned value, std::size_t yes = 0, std::size_t no = 0) {
    out.push_back({static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(yes),
                   static_cast<std::uint8_t>(no), value});
  };
  const std::size_t tests = 2 * ports.size() + 2;  // up to the statement that refuses
  add(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(SKF_AD_OFF + SKF_AD_PROTOCOL));
  add(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 4, 0);
  add(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, tests + 6);
  add(BPF_LD | BPF_B | BPF_ABS, 9);
  add(BPF_LDX | BPF_B | BPF_MSH, 0);
  add(BPF_JMP | BPF_JA, 2);
  add(BPF_LD | BPF_B | BPF_ABS, 6);
  add(BPF_LDX | BPF_W | BPF_IMM, kIpv6Header);
  add(BPF_JMP | BPF_JEQ | BPF_K, kTcp, 0, tests);
  for (const unsigned at : {0U, 2U}) {
    add(BPF_LD | BPF_H | BPF_IND, at);
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const std::size_t left = ports.size() - i - 1 + (at == 0 ? ports.size() + 1 : 0);
      add(BPF_JMP | BPF_JEQ | BPF_K, ports[i], left + 1, 0);
    }
  }
  add(BPF_RET | BPF_K, 0);
  add(BPF_RET | BPF_K, kPacketKept);
  return out;
}

}  // namespace

void count_arrival(std::span<const std::byte> packet, bool outgoing,
                   const std::vector<std::uint16_t>& ports, ArrivalCounts& counts,
                   bool& incomplete) {
  Segment segment;
  if (!read_segment(packet, segment)) return;
  const auto port = static_cast<std::uint16_t>(word_at(segment.tcp, outgoing ? 0 : 2));
  if (std::ranges::find(ports, port) == ports.end()) return;
  const auto key = std::pair{outgoing ? segment.target : segment.source, port};
  if (!counts.contains(key) && counts.size() >= kArrivalClients) {
    incomplete = true;
    return;
  }
  auto& count = counts[key];
  const unsigned flags = byte_at(segment.tcp, 13);
  if (outgoing) {
    if ((flags & (kSyn | kAck)) == (kSyn | kAck)) ++count.answers;
    if ((flags & kRst) != 0) ++count.resets;
    if (segment.payload > 0) ++count.replies;
  } else {
    if ((flags & (kSyn | kAck | kRst | kFin)) == kSyn) ++count.syns;
    if (segment.payload > 0) ++count.data;
  }
}

ArrivalTap ArrivalTap::open(const std::vector<std::uint16_t>& ports) {
  ArrivalTap out;
  out.ports_ = ports;
  if (out.ports_.size() > kArrivalPorts) out.ports_.resize(kArrivalPorts);
  // Protocol 0: nothing comes in before the filter stands.
  Fd socket{::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  auto code = only_ports(out.ports_);
  const sock_fprog program{.len = static_cast<std::uint16_t>(code.size()), .filter = code.data()};
  if (!socket ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    return out;
  }
  const int room = kArrivalBuffer;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  sockaddr_ll every{};
  every.sll_family = AF_PACKET;
  every.sll_protocol = htons(ETH_P_ALL);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&every), sizeof every) == 0) {
    out.socket_ = std::move(socket);
  }
  return out;
}

void ArrivalTap::drain() {
  for (int i = 0; i < kArrivalPacketsRead; ++i) {
    std::array<std::byte, kPacketKept> packet{};
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const auto got = ::recvfrom(socket_.get(), packet.data(), packet.size(), MSG_DONTWAIT,
                                reinterpret_cast<sockaddr*>(&from), &length);
    if (got < 0) return;
    if (from.sll_hatype == ARPHRD_LOOPBACK) continue;
    count_arrival({packet.data(), static_cast<std::size_t>(got)},
                  from.sll_pkttype == PACKET_OUTGOING, ports_, counts_, incomplete_);
  }
  incomplete_ = true;  // faster than we read
}

void ArrivalTap::listen(Instant end) {
  while (socket_) {
    drain();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) break;
    pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    ::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(left, 1000)));
  }
  tpacket_stats lost{};
  socklen_t length = sizeof lost;
  if (socket_ && ::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &lost, &length) == 0 &&
      lost.tp_drops > 0) {
    incomplete_ = true;
  }
}

}  // namespace causeway::net
