// DNS messages (RFC 1035, EDNS RFC 6891): a writer for questions, a strict and bounded parser for
// whatever comes back. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"

namespace causeway::codec {

enum class DnsType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  naptr = 35,
  dname = 39,
  opt = 41,
  ds = 43,
  sshfp = 44,
  rrsig = 46,
  dnskey = 48,
  tlsa = 52,
  svcb = 64,
  https = 65,
  axfr = 252,  // a question only (RFC 5936)
  caa = 257,
};

// "A", "HTTPS"; an unknown type as "TYPE99" (RFC 3597 section 5).
std::string name(DnsType type);
// The way back; nothing for what name() never gives.
std::optional<DnsType> dns_type_named(std::string_view name);

// The response codes an edge tells apart; others are kept as their number.
namespace rcode {
constexpr int kNoError = 0;
constexpr int kFormErr = 1;
constexpr int kServFail = 2;
constexpr int kNxDomain = 3;
constexpr int kNotImp = 4;
constexpr int kRefused = 5;
constexpr int kBadVers = 16;
}  // namespace rcode

// NOERROR NXDOMAIN SERVFAIL REFUSED FORMERR NOTIMP, "other" for the rest.
std::string_view rcode_name(int rcode);

// The registered meaning of an extended error (RFC 8914 section 5.2); empty when unknown.
std::string_view extended_error_name(int code);
// Extended errors with which a validating resolver says "the signatures are wrong".
bool is_dnssec_error(int code);

struct DnsQuestion {
  std::string name;  // in the form of dns_name.hpp
  DnsType type = DnsType::a;

  bool operator==(const DnsQuestion&) const = default;
};

struct DnsQuery {
  std::uint16_t id = 0;
  DnsQuestion question;
  bool recursion = true;           // RD: for resolvers, not for authorities
  bool checking_disabled = false;  // CD: answer even when the signatures are wrong
  bool dnssec = false;             // DO: send the signatures too
  bool edns = true;                // off for servers that answer FORMERR to it
};

// The message, without the length prefix of TCP. An error when the name is none.
Parsed<std::string> write_dns_query(const DnsQuery& query);

struct DnsRecord {
  std::string owner;
  DnsType type = DnsType::a;
  std::uint32_t ttl = 0;                // seconds
  std::string data;                     // presentation form, printable, at most DnsKeep::data
  std::optional<IpAddress> address;     // A, AAAA
  std::string target;                   // CNAME, DNAME, NS, PTR, MX, SRV, SVCB, HTTPS
  std::optional<std::uint32_t> serial;  // SOA
  // RRSIG: seconds since 1970 when the signature ends, modulo 2^32 (RFC 4034 section 3.1.5)
  std::optional<std::uint32_t> signature_ends;
};

// "www.example.net. 300 IN A 203.0.113.10"
std::string presentation(const DnsRecord& record);

struct DnsExtendedError {
  int code = 0;
  std::string text;  // as sent, printable; may be empty
};

struct DnsMessage {
  std::uint16_t id = 0;
  bool response = false;
  int opcode = 0;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  bool authentic = false;
  bool checking_disabled = false;
  int rcode = 0;  // with the upper bits of EDNS
  bool edns = false;
  std::optional<DnsQuestion> question;  // some servers leave it out of an error
  std::vector<DnsRecord> answers;
  std::vector<DnsRecord> authorities;
  std::vector<DnsRecord> additionals;  // without OPT
  std::vector<DnsExtendedError> errors;
  int records_left_out = 0;  // beyond limits::kDnsRecordsKept, counted and not kept
};

// How much of a message is kept. The defaults are for probes; who keeps a zone wants all of it.
struct DnsKeep {
  std::size_t records = limits::kDnsRecordsKept;
  std::size_t data = limits::kTextKept;  // bytes of one record's presentation form
};

// Refused: anything that reads beyond the message, names whose pointers do not lead strictly
// backwards, more than one question, wrong lengths. A message with TC set may end inside a record:
// some servers cut at a byte (RFC 2181 section 9 allows to ignore what was cut).
Parsed<DnsMessage> parse_dns(std::span<const std::byte> message, const DnsKeep& keep = {});

}  // namespace causeway::codec
