// Listeners that never accept, and a tarpit made of raw packets.
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

#include "listen.hpp"

namespace misbehave {
namespace {

// Sum of 16-bit words in one's complement (RFC 1071).
std::uint32_t add_words(std::uint32_t sum, const void* bytes, std::size_t length) {
  const auto* at = static_cast<const std::uint8_t*>(bytes);
  for (std::size_t i = 0; i < length; i += 2)
    sum += static_cast<std::uint32_t>(at[i] << 8U) + (i + 1 < length ? at[i + 1] : 0U);
  return sum;
}

std::uint16_t folded(std::uint32_t sum) {
  while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
  return htons(static_cast<std::uint16_t>(~sum & 0xffffU));
}

struct Segment {
  in_addr from;  // the client
  in_addr to;    // us
  tcphdr tcp;
};

// An IPv4 packet from a raw TCP socket, or false when it is no whole TCP segment.
bool read_segment(int raw, Segment& segment) {
  std::array<std::uint8_t, 2048> packet{};
  const ssize_t got = ::recv(raw, packet.data(), packet.size(), 0);
  if (got < static_cast<ssize_t>(sizeof(iphdr) + sizeof(tcphdr))) return false;
  iphdr ip{};
  std::memcpy(&ip, packet.data(), sizeof ip);
  const std::size_t head = std::size_t{ip.ihl} * 4;
  if (static_cast<std::size_t>(got) < head + sizeof(tcphdr)) return false;
  std::memcpy(&segment.tcp, packet.data() + head, sizeof segment.tcp);
  segment.from.s_addr = ip.saddr;
  segment.to.s_addr = ip.daddr;
  return true;
}

constexpr std::uint32_t kSequence = 0x5eed0000;  // ours, the same for every client
constexpr std::size_t kClients = 20'000;

// The first sequence number of each client, so that a window probe gets the right acknowledgement.
using Clients = std::map<std::pair<in_addr_t, std::uint16_t>, std::uint32_t>;

void reply(int raw, const Segment& segment, std::uint32_t first) {
  tcphdr out{};
  out.source = segment.tcp.dest;
  out.dest = segment.tcp.source;
  out.doff = sizeof out / 4;
  out.ack = 1;
  if (segment.tcp.syn != 0) {
    out.syn = 1;
    out.seq = htonl(kSequence);
    out.window = htons(5);  // as xt_TARPIT: open, then a window of zero for ever
  } else {
    out.seq = htonl(kSequence + 1);
    out.window = 0;
  }
  out.ack_seq = htonl(first + 1);  // the SYN, and not one byte more
  const std::array<std::uint16_t, 2> tail{htons(IPPROTO_TCP), htons(sizeof out)};
  std::uint32_t sum = add_words(0, &segment.to, 4);
  sum = add_words(sum, &segment.from, 4);
  sum = add_words(sum, tail.data(), 4);
  out.check = folded(add_words(sum, &out, sizeof out));
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_addr = segment.from;
  ::sendto(raw, &out, sizeof out, 0, reinterpret_cast<const sockaddr*>(&there), sizeof there);
}

}  // namespace

int run_held(const Options& options) {
  const std::vector<int> sockets = bound_sockets(options, SOCK_STREAM, options.backlog);
  std::vector<int> own;
  // The queue holds backlog + 1; what fills it are connections of our own.
  for (int count = 0; options.size != 0 && count <= options.backlog; ++count) {
    for (const int listener : sockets) {
      sockaddr_storage name{};
      socklen_t length = sizeof name;
      if (::getsockname(listener, reinterpret_cast<sockaddr*>(&name), &length) != 0) continue;
      const int fd = ::socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      // In progress, or not at all: a full queue shows either way.
      [[maybe_unused]] const int begun =
          ::connect(fd, reinterpret_cast<const sockaddr*>(&name), length);
      own.push_back(fd);
    }
  }
  say_ready();
  while (true) ::pause();
}

int run_tarpit(const Options& options) {
  const int raw = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
  if (raw < 0) usage("tarpit needs CAP_NET_RAW");
  Clients clients;
  say_ready();
  while (true) {
    Segment segment{};
    if (!read_segment(raw, segment)) continue;
    const bool ours =
        std::ranges::find(options.ports, ntohs(segment.tcp.dest)) != options.ports.end();
    if (!ours || segment.tcp.rst != 0) continue;
    const std::pair client{segment.from.s_addr, segment.tcp.source};
    if (segment.tcp.syn != 0 && clients.size() < kClients) clients[client] = ntohl(segment.tcp.seq);
    const auto found = clients.find(client);
    if (found != clients.end()) reply(raw, segment, found->second);
  }
}

}  // namespace misbehave
