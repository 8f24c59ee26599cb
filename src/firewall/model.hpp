// Every packet filter of a host in one form: legacy iptables, iptables-nft and native nft become
// tables, chains and rules of steps. A rule is a list of steps; a step lets a packet on to the
// next, stops it there, or decides.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/ruleset_json.hpp"
#include "firewall/interval_set.hpp"

namespace causeway::firewall {

enum class Stack : std::uint8_t { legacy, iptables_nft, nft };
enum class Hook : std::uint8_t {
  ingress,
  prerouting,
  input,
  forward,
  output,
  postrouting,
  egress,
  none,  // a chain that only others jump to
};
enum class ChainType : std::uint8_t { filter, nat, route };

std::string_view name(Stack stack);
std::string_view name(Hook hook);

// What can be asked of a packet. A field that a packet does not have makes the rule miss.
enum class Field : std::uint8_t {
  source,  // of the packet's own family
  target,
  source4,  // absent from an IPv6 packet
  target4,
  source6,
  target6,
  source_port,
  target_port,
  protocol,   // of layer 4, by number
  nf_family,  // NFPROTO_IPV4 2, NFPROTO_IPV6 10
  ether_type,
  incoming,  // interface names
  outgoing,
  incoming_type,  // ARPHRD_*
  packet_type,    // PACKET_HOST 0
  mark,
  ct_state,  // CtBit
  ct_status,
  ct_direction,
  ct_mark,
  ct_zone,  // Term::argument: 0 its number, else as ZoneWay, what counts in that direction
  ct_packets,
  ct_bytes,
  ct_family,    // as nf_family, of the connection
  ct_protocol,  // of the connection
  ct_original_source,
  ct_original_target,
  ct_original_source_port,
  ct_original_target_port,
  ct_reply_source,
  ct_reply_target,
  ct_reply_source_port,
  ct_reply_target_port,
  tcp_flags,
  tcp_header,  // in 32-bit words
  tcp_window,
  mss,         // of the SYN's option
  tcp_option,  // Term::argument: its kind; 1 when there
  length,      // of the IP packet
  ttl,
  dscp,
  ip_version,
  ip_header,  // in 32-bit words
  fragment,   // flags and offset
  icmp_type,
  icmp_code,
  route_type,  // RTN_*, of Term::of_source's or the target's address
  route_device,
  reverse_path,  // 1 when the source is reached through the incoming interface
  xt_type,       // as addrtype has it
  hash,          // a number below Term::argument that nobody can foretell
  other,         // asks something that a dump does not hold (Term::why)
  never,         // of another protocol: never there
};

// One question about the packet, with a bit mask laid over the answer.
struct Term {
  Field field = Field::never;
  Key mask = kAllBits;
  unsigned shift = 0;  // to the right, after the mask
  std::uint32_t argument = 0;
  bool of_source = false;  // route_*: look up the source instead of the target
  bool with_incoming = false;
  bool with_outgoing = false;
  bool with_mark = false;
  bool loose = false;
  const char* why = "";
};

enum CtBit : std::uint32_t {
  kCtInvalid = 1,
  kCtEstablished = 2,
  kCtRelated = 4,
  kCtNew = 8,
  kCtUntracked = 64,
};
enum CtStatus : std::uint32_t {
  kCtSeenReply = 2,
  kCtAssured = 4,
  kCtConfirmed = 8,
  kCtSourceNat = 16,
  kCtTargetNat = 32,
  kCtSourceNatDone = 128,  // decided, even if nothing is translated
  kCtTargetNatDone = 256,
};
// NF_CT_ZONE_DIR_*: in which of a connection's directions its zone counts; else it is 0 there.
enum ZoneWay : std::uint32_t { kZoneOriginal = 1, kZoneReply = 2, kZoneBoth = 3 };
enum TcpFlag : std::uint32_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32 };
enum RouteType : std::uint32_t {
  kUnspec = 0,
  kUnicast = 1,
  kLocal = 2,
  kBroadcast = 3,
  kAnycast = 4,
  kMulticast = 5,
  kBlackhole = 6,
  kUnreachable = 7,
  kProhibit = 8,
  kThrow = 9,
};

// How a refusal looks to the sender.
struct Reject {
  bool reset = false;
  std::uint8_t code4 = 3;  // of ICMP type 3
  std::uint8_t code6 = 4;  // of ICMPv6 type 1

  bool operator==(const Reject&) const = default;
};

struct Verdict {
  enum class Kind : std::uint8_t {
    accept,
    drop,
    reject,
    jump,
    go_to,
    give_back,  // return
    next,       // continue
    queue,      // a program decides
    foreign,    // a target that is not understood
  };
  Kind kind = Kind::next;
  std::uint32_t chain = 0;  // of jump and go_to
  Reject reject;
  bool bypass = false;  // of queue

  bool operator==(const Verdict&) const = default;
};

// --- steps that ask ---

struct Compare {
  Term term;
  IntervalSet values;
  bool any_bit = false;  // (term & values' only number) != 0 instead of membership
  bool negated = false;
  bool absent_misses = true;  // false: an absent field counts as "not in values"
};

struct Lookup {
  std::vector<Term> key;
  std::uint32_t set = 0;
  bool negated = false;
};

// Nobody can tell from a dump: both ways.
struct Unknown {
  const char* why = "";
  std::string what;
};

struct Never {};

// -m conntrack. Without an entry only the state can match (xt_conntrack.c).
struct ConntrackMatch {
  std::uint32_t states = 0;  // CtBit, kXtSnat, kXtDnat
  bool has_state = false;
  bool negated_state = false;
  std::vector<Compare> others;
};
constexpr std::uint32_t kXtSnat = 1U << 16U;
constexpr std::uint32_t kXtDnat = 1U << 17U;

// -m u32: arithmetic on the packet's bytes
struct U32Match {
  enum class Op : std::uint8_t { mask, left, right, at };
  struct Step {
    Op op = Op::mask;
    std::uint32_t number = 0;
  };
  struct Test {
    std::uint32_t start = 0;
    std::vector<Step> steps;
    std::vector<Interval> ranges;
  };
  std::vector<Test> tests;
  bool negated = false;
};

// Something that counts. A lone connection finds it fresh.
struct Limit {
  enum class Kind : std::uint8_t { rate, connections, quota };
  Kind kind = Kind::rate;
  bool over = false;  // matches above the limit, not below it
  std::uint64_t rate = 0;
  std::string unit;  // "packets", "kbytes"
  std::string per;   // "second"
  std::uint64_t burst = 0;
  std::string key;  // "each source address", "all clients together"
  bool global = false;
  std::uint64_t used = 0;  // of a quota

  bool operator==(const Limit&) const = default;
};

// nft's named limits and quotas where a map chooses one. Whom it holds none for leaves the rule.
struct Objects {
  std::vector<Term> key;
  std::uint32_t map = 0;
  std::vector<std::optional<Limit>> limits;  // one for each of the map's values; none: not known
};

// -m recent
struct Recent {
  enum class Op : std::uint8_t { set, check, update, remove };
  Op op = Op::check;
  std::string list;
  std::uint32_t seconds = 0;
  std::uint32_t hits = 0;
  bool negated = false;
  Key mask = kAllBits;    // --mask
  bool same_ttl = false;  // --rttl
  // An IPv6 rule whose list IPv4 rules use, too: the list has one mask, and when an IPv4 rule made
  // it, only the first 32 bits of an IPv6 address count (xt_recent.c, recent_mt_check()).
  bool shared = false;
  bool by_target = false;  // --rdest: the packet's target is looked up, not its source
  // Some rule may put addresses into the list that are not the client's: this host's own, say,
  // which is the source of each answer to everybody.
  bool holds_others = false;
};

// --- steps that change something ---

struct Assign {
  Field field = Field::mark;  // mark, ct_mark, ct_zone, or an address or port
  Key keep = 0;               // bits of the old value that stay
  Key value = 0;              // laid over with exclusive or
  std::optional<Term> from;   // and this, too
  std::vector<Term> key;      // the value comes from a map
  std::uint32_t map = 0;
  bool unknown = false;
  std::uint32_t zone_ways = kZoneBoth;
  bool spares_untracked = false;  // xt_CT.c gives an untracked packet no zone, nft_ct.c does
};

// nft `notrack`, iptables' CT --notrack
struct Notrack {
  bool spares_attached =
      false;  // xt_CT.c: a refusal that nf_ct_attach() has touched stays as it is
};

// SET --add-set, nft `add @set { ... }`
struct Remember {
  bool forget = false;
  std::uint32_t set = 0;
  std::vector<Term> key;
  std::vector<Limit> limits;  // an element's own: its rule goes on only where they match
};

struct Nat {
  enum class Kind : std::uint8_t { target, source, redirect, masquerade, netmap };
  Kind kind = Kind::target;
  std::optional<Family> family;
  std::optional<Interval> address;
  std::optional<Interval> port;
  std::vector<Term> key;  // addresses and ports come from a map
  std::uint32_t map = 0;
  bool map_gives_port = false;  // and not an address
  bool unknown = false;
};

struct Tproxy {
  std::optional<Family> family;
  std::optional<Key> address;
  std::optional<std::uint16_t> port;
  bool accepts = false;  // the iptables target decides, the nft statement does not
  std::uint32_t mark = 0;
  std::uint32_t mark_mask = 0;
};

struct Synproxy {};

// --- steps that decide ---

struct Decide {
  Verdict verdict;
};

struct Choose {  // a verdict map
  std::vector<Term> key;
  std::uint32_t set = 0;
};

using Step = std::variant<Compare, Lookup, Unknown, Never, ConntrackMatch, U32Match, Limit, Objects,
                          Recent, Assign, Notrack, Remember, Nat, Tproxy, Synproxy, Decide, Choose>;

struct Rule {
  std::vector<Step> steps;
  std::uint32_t chain = 0;
  std::int64_t handle = 0;     // nft
  std::uint32_t position = 0;  // in its chain, from 1
  std::string text;            // as saved; empty: rendered from `json`
  codec::Json json;
  std::string comment;
  std::optional<std::uint64_t> packets;
  bool inert = false;  // decides and changes nothing

  std::string shown() const;
};

struct Chain {
  std::string name;
  std::uint32_t table = 0;
  Hook hook = Hook::none;
  ChainType type = ChainType::filter;
  int priority = 0;
  bool drops = false;  // its policy
  std::int64_t handle = 0;
  bool made_first = true;  // nft: before any rule of its table, so in the table's order
  std::vector<std::string> devices;
  const char* doubt = nullptr;  // why nobody can tell whether packets meet it
  std::vector<std::uint32_t> rules;
  std::optional<std::uint64_t> policy_packets;
};

struct Table {
  Stack stack = Stack::nft;
  std::string family;  // ip, ip6, inet, netdev, bridge
  std::string name;
  std::uint32_t order = 0;  // of registration, as far as known
  std::string title{};      // as nft calls it, where it is taken for another: "bridge filter"

  std::string shown() const { return title.empty() ? family + " " + name : title; }
  bool holds(Family packets) const;
};

enum class DataType : std::uint8_t {
  unknown,
  address4,
  address6,
  port,
  protocol,
  interface_name,
  mark,
  ct_state,
  ct_status,
  ct_direction,
  tcp_flags,
  packet_type,
  nf_family,
  ether_type,
  interface_type,
  route_type,
  dscp,
  number,
  verdict,
};

// What a map holds for a key: a verdict, the name of an object, or one number for each part.
struct MapValue {
  std::string object;
  std::optional<Verdict> verdict;
  std::vector<Interval> parts;

  bool operator==(const MapValue&) const = default;
};

struct Set {
  std::string name;
  bool of_ipset = false;
  std::optional<Family> family;  // an ipset only matches packets of its own
  std::vector<DataType> types;
  std::size_t width = 1;              // fields of one element
  std::vector<Interval> cells;        // width of them for each element, in order
  std::vector<std::uint32_t> mapped;  // a map's: index into `values`, one for each element
  std::vector<MapValue> values;
  std::vector<bool> exceptions;        // ipset's nomatch; empty: none
  std::vector<std::uint32_t> members;  // of a list of sets
  bool is_list = false;
  bool partial = false;  // not every element was understood: a miss is not certain
  const char* why = "";  // it is partial
  bool is_map = false;
  bool of_objects = false;  // a map to named limits, counters ...
  // nft: counted whenever an element is found: of those in the dump, and of new ones when the set
  // declares it.
  std::vector<Limit> limits;
  bool declares_limits = false;
  std::vector<bool> port_with_protocol;  // per field: the number is protocol << 16 | port
  std::size_t directions_needed = 0;     // an ipset's fields

  // One field, no values: all elements. One field with values: by index into `values`.
  IntervalSet all;
  std::vector<IntervalSet> by_value;

  std::size_t size() const { return width == 0 ? 0 : cells.size() / width; }
  void finish();  // fills `all` and `by_value`
};

// The question an ipset asks of a packet for a field of its type.
Term ipset_term(DataType type, bool source);

struct Ruleset {
  std::vector<Table> tables;
  std::vector<Chain> chains;
  std::vector<Rule> rules;
  std::vector<Set> sets;
  std::vector<std::string> notes;  // what could not be read or understood, for people
  std::vector<std::shared_ptr<const codec::JsonTree>> trees;
  // A rule writes these into packets: what they are afterwards is not followed.
  bool rewrites_dscp = false;
  bool rewrites_ttl = false;
  bool rewrites_mss = false;
  bool tracks4 = false;  // something makes the kernel track connections
  bool tracks6 = false;
  bool translates4 = false;  // a nat chain of any hook makes the kernel decide on all hooks
  bool translates6 = false;

  bool tracks(Family family) const { return family == Family::ipv4 ? tracks4 : tracks6; }
  bool translates(Family family) const {
    return family == Family::ipv4 ? translates4 : translates6;
  }
};

}  // namespace causeway::firewall
