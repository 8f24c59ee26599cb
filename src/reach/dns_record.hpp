// A DNS question and its answer as an observation, and what the answer means.
#pragma once

#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/time.hpp"
#include "codec/dns_answer.hpp"
#include "net/dns.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct DnsQuestionAsked {
  std::string_view role;  // model/kinds.def, dns.role; a literal
  Endpoint server;
  std::string server_name;  // of an authority, where known
  codec::DnsQuery query;
};

// Records one `dns` and gives its id; nothing for an interrupted question, which says nothing.
std::string record_dns(Survey& survey, const DnsQuestionAsked& asked, const net::DnsReply& reply);

// Asks and records, not beyond `deadline` or the survey's. Not from --source: that is the address
// to reach the origin from, and a resolver on loopback would not even be reachable from it.
net::Task<net::DnsReply> ask_and_record(Survey& survey, DnsQuestionAsked asked, Instant deadline,
                                        Duration wait = limits::kDnsWait);

// A query as resolvers get it: recursion, EDNS, validation by the resolver.
codec::DnsQuery resolver_query(std::string name, codec::DnsType type);
// A query as authorities get it: no recursion.
codec::DnsQuery authority_query(std::string name, codec::DnsType type);

// An extended error by which a resolver says that the signatures are wrong (RFC 8914, 6 to 12).
bool says_bogus(const net::DnsReply& reply);

}  // namespace causeway::reach
