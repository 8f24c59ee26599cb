// fill-conntrack: live connections that nobody has, until the kernel's table is full. The tool
// `conntrack` does the same one message and one answer at a time, which takes twenty times as long.
#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "listen.hpp"

namespace misbehave {
namespace {

class Message {
 public:
  explicit Message(std::vector<char>& out) : out_(out), start_(out.size()) {
    grow(sizeof(nlmsghdr));
    nfgenmsg family{};
    family.nfgen_family = AF_INET;
    add_bytes(&family, sizeof family);
  }
  void end() {
    nlmsghdr head{};
    head.nlmsg_len = static_cast<__u32>(out_.size() - start_);
    head.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8U | IPCTNL_MSG_CT_NEW;
    head.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;  // no acknowledgement
    std::memcpy(out_.data() + start_, &head, sizeof head);
  }
  std::size_t open(int type) {
    const std::size_t at = out_.size();
    const nlattr attribute{0, static_cast<__u16>(static_cast<unsigned>(type) | NLA_F_NESTED)};
    add_bytes(&attribute, sizeof attribute);
    return at;
  }
  void close(std::size_t at) {
    const auto length = static_cast<__u16>(out_.size() - at);
    std::memcpy(out_.data() + at, &length, sizeof length);
  }
  template <class T>
  void add(int type, T value) {
    const nlattr attribute{static_cast<__u16>(sizeof(nlattr) + sizeof value),
                           static_cast<__u16>(type)};
    add_bytes(&attribute, sizeof attribute);
    add_bytes(&value, sizeof value);
  }

 private:
  void grow(std::size_t bytes) { out_.resize(out_.size() + NLMSG_ALIGN(bytes)); }
  void add_bytes(const void* bytes, std::size_t length) {
    const std::size_t at = out_.size();
    grow(length);
    std::memcpy(out_.data() + at, bytes, length);
  }
  std::vector<char>& out_;
  std::size_t start_;
};

struct End {
  in_addr_t address;
  in_port_t port;
};

void add_tuple(Message& message, int type, const End& from, const End& to) {
  const auto tuple = message.open(type);
  const auto addresses = message.open(CTA_TUPLE_IP);
  message.add(CTA_IP_V4_SRC, from.address);
  message.add(CTA_IP_V4_DST, to.address);
  message.close(addresses);
  const auto protocol = message.open(CTA_TUPLE_PROTO);
  message.add(CTA_PROTO_NUM, std::uint8_t{IPPROTO_TCP});
  message.add(CTA_PROTO_SRC_PORT, from.port);
  message.add(CTA_PROTO_DST_PORT, to.port);
  message.close(protocol);
  message.close(tuple);
}

// One established connection from a client that no packet will ever come from. Only "assured" ones
// stay: the kernel throws others out for a newcomer (early_drop).
void add_connection(std::vector<char>& out, std::uint32_t number, const End& server) {
  Message message(out);
  const End client{htonl(0x0a000000U + number),
                   htons(static_cast<std::uint16_t>(1024 + number % 60'000))};
  add_tuple(message, CTA_TUPLE_ORIG, client, server);
  add_tuple(message, CTA_TUPLE_REPLY, server, client);
  message.add(CTA_STATUS, htonl(IPS_CONFIRMED | IPS_ASSURED | IPS_SEEN_REPLY));
  message.add(CTA_TIMEOUT, htonl(3000));
  const auto info = message.open(CTA_PROTOINFO);
  const auto tcp = message.open(CTA_PROTOINFO_TCP);
  message.add(CTA_PROTOINFO_TCP_STATE, std::uint8_t{TCP_CONNTRACK_ESTABLISHED});
  message.close(tcp);
  message.close(info);
  message.end();
}

unsigned most_connections() {
  unsigned most = 262'144;
  if (std::FILE* file = std::fopen("/proc/sys/net/netfilter/nf_conntrack_max", "r")) {
    if (std::fscanf(file, "%u", &most) != 1) most = 262'144;
    std::fclose(file);
  }
  return most;
}

}  // namespace

int fill_conntrack(const Options& options) {
  if (options.addresses.size() != 1 || options.ports.size() != 1)
    usage("expected --address and --port");
  const Place place = place_of(options.addresses[0], options.ports[0]);
  if (place.address.ss_family != AF_INET) usage("--address: expected an IPv4 address");
  sockaddr_in server{};
  std::memcpy(&server, &place.address, sizeof server);
  const int netlink = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  if (netlink < 0) return std::perror("netlink"), 1;
  constexpr std::size_t kBatch = std::size_t{64} * 1024;
  std::vector<char> batch;
  const unsigned most = most_connections() + 1000;
  for (std::uint32_t i = 0; i < most; ++i) {
    add_connection(batch, i, {server.sin_addr.s_addr, server.sin_port});
    if (batch.size() < kBatch && i + 1 < most) continue;
    if (::send(netlink, batch.data(), batch.size(), 0) < 0) return std::perror("send"), 1;
    batch.clear();
  }
  ::close(netlink);
  say_ready();
  return 0;
}

}  // namespace misbehave
