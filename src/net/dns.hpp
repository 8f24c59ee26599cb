// One DNS question to one server, over UDP and, when the answer is cut, over TCP (RFC 1035,
// RFC 7766), with everything that tells a dead server from a dead path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "codec/dns.hpp"
#include "net/icmp_note.hpp"
#include "net/task.hpp"

namespace causeway::net {

struct DnsAsk {
  Endpoint server;
  codec::DnsQuery query;                    // its id is drawn anew
  std::optional<IpAddress> source;          // own address to ask from
  Instant deadline = kNever;                // of the whole question
  Duration wait = limits::kDnsWait;         // for all tries over UDP together, and again for TCP
  Duration try_wait = limits::kDnsTryWait;  // before a packet counts as lost and is sent again
  codec::DnsKeep keep = {};                 // how much of the answer
  bool only_tcp = false;
  bool may_use_tcp = true;  // when the answer over UDP is cut; else the cut answer is the answer
};

enum class DnsOutcome : std::uint8_t {
  answered,
  timeout,      // nothing at all came back
  refused,      // ICMP port unreachable: the machine is there, nothing listens
  unreachable,  // any other ICMP error
  malformed,    // an answer that cannot be parsed, or too many that answer something else
  tcp_failed,   // cut over UDP, and TCP to the server does not work
  local,        // this machine could not even ask
  interrupted,  // the deadline came before `wait` was over, or the loop was interrupted: says
                // nothing
};
std::string_view name(DnsOutcome outcome);  // model/kinds.def, dns.outcome

struct DnsReply {
  DnsOutcome outcome = DnsOutcome::timeout;
  std::optional<codec::DnsMessage> message;  // answered; the cut one when TCP failed
  bool over_tcp = false;                     // the last transport used
  bool truncated = false;                    // TC in the answer over UDP
  Duration elapsed{};                        // from the first packet to the answer or the end
  int tries = 0;                             // packets sent over UDP, connections over TCP
  int strays = 0;                            // answers ignored: foreign id or question
  int os_code = 0;                           // errno; ETIMEDOUT when TCP stays silent
  std::optional<IcmpNote> icmp;
  std::string detail;  // of malformed: what is wrong with the answer
};

// Never throws, always reports.
Task<DnsReply> ask_dns(DnsAsk ask);

}  // namespace causeway::net
