// A packet on its way, for a whole set of clients at once: only their address differs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/host.hpp"
#include "firewall/interval_set.hpp"
#include "firewall/model.hpp"
#include "firewall/value.hpp"

namespace causeway::firewall {

// The packets of one connection, and what may be sent in answer instead.
enum class Shape : std::uint8_t {
  syn,
  syn_ack,
  ack,       // completes the handshake
  data,      // the request
  data_ack,  // the server's acknowledgement of it
  reset,
  icmp,
};

std::string_view name(Shape shape);

// Goes to the client.
constexpr bool is_answer(Shape shape) {
  return shape != Shape::syn && shape != Shape::ack && shape != Shape::data;
}

struct Port {
  bool client = false;  // the client's, which is not known
  std::uint16_t number = 0;

  bool operator==(const Port&) const = default;
};

// A number of which some bits are known.
struct Bits {
  std::uint32_t value = 0;
  std::uint32_t known = 0xffffffff;

  bool operator==(const Bits&) const = default;
};

struct Zone {
  std::uint32_t number = 0;
  std::uint32_t ways = kZoneBoth;

  // nf_ct_zone_id()
  std::uint32_t of(bool reply) const {
    return (ways & (reply ? kZoneReply : kZoneOriginal)) != 0 ? number : 0;
  }
  bool operator==(const Zone&) const = default;
};

struct Packet {
  Shape shape = Shape::syn;
  Family family = Family::ipv4;
  Party source;
  Party target;
  Port source_port;
  Port target_port;
  std::string incoming;
  std::string outgoing;
  Bits mark;
  Bits mark_before;  // as the chain met it that the packet is in, or was in last
  // A refusal of a packet that was tracked or untracked (not: invalid) has its place for a
  // connection taken, be it by none: nf_conntrack_attach().
  bool attached = false;
  bool tracked = false;              // belongs to the connection; else untracked, invalid or unseen
  std::uint32_t state = kCtInvalid;  // CtBit; before tracking and without it: invalid
  bool reply = false;                // of the connection's two directions
  bool notrack = false;
  bool zoned = false;  // its template is chosen: neither another zone nor notrack comes after it
  Zone zone;
  std::uint8_t icmp_code = 0;
  Hook at = Hook::none;  // where it is looked at

  bool operator==(const Packet&) const = default;
};

struct Translation {
  Party address;
  Port port;

  bool operator==(const Translation&) const = default;
};

// What connection tracking remembers.
struct Connection {
  bool known = false;      // an entry exists
  bool picked_up = false;  // in the middle, without its SYN
  bool answered = false;
  bool assured = false;
  bool confirmed = false;
  Zone zone;
  Bits mark;
  Party source{.client = true};  // who sent its first packet
  Port source_port{.client = true};
  Party target;  // as it was sent
  Port target_port;
  bool target_settled = false;  // NAT was decided
  bool source_settled = false;
  std::optional<Translation> to;    // DNAT, REDIRECT
  std::optional<Translation> from;  // SNAT, MASQUERADE

  bool operator==(const Connection&) const = default;
};

struct Counted {
  std::uint32_t what = 0;  // a rule's index, or of a list of `recent`
  std::uint32_t count = 0;

  bool operator==(const Counted&) const = default;
};

// An element that the packets of this connection put into a set, or took out of it.
struct Memory {
  std::uint32_t set = 0;
  bool gone = false;
  std::vector<Value> key;
  std::uint32_t rule = 0;     // whose statement made it
  std::vector<Limit> limits;  // counted whenever it is found

  bool operator==(const Memory&) const = default;
};

// Why an outcome is not certain: a rule whose match nobody can settle.
struct Doubt {
  std::uint32_t rule = 0;
  const char* why = "";

  bool operator==(const Doubt&) const = default;
};

struct Flow {
  IntervalSet clients;
  Packet packet;
  Connection connection;
  std::optional<Translation> proxy;  // TPROXY: the socket that takes it
  Translation caller;                // how the SYN reached the server: whose
  Translation server;                // later packets belong to it, and to which socket
  std::vector<Counted> spent;        // tokens of limits, by rule
  std::vector<Counted> seen;         // entries of lists, by name's index
  std::vector<Memory> memories;      // the oldest first
  std::vector<Doubt> doubts;         // not part of what a flow is

  bool same_but_clients(const Flow& other) const {
    return packet == other.packet && connection == other.connection && proxy == other.proxy &&
           caller == other.caller && server == other.server && spent == other.spent &&
           seen == other.seen && memories == other.memories;
  }
};

constexpr std::uint32_t kNoRule = 0xffffffff;

// Adds `flow`, joined with an equal one if there is one.
void merge_into(std::vector<Flow>& flows, Flow flow);

}  // namespace causeway::firewall
