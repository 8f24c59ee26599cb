// Stage resolve: the origin's name to addresses, by asking the resolver an edge would ask.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "model/failure.hpp"
#include "net/dns.hpp"
#include "net/group.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct Resolution {
  std::vector<IpAddress> addresses;         // as an edge prefers them: IPv4 first, else as answered
  std::optional<model::FailureId> failure;  // when there is no address
  std::string because;                      // one line for a person
  Duration elapsed{};
  int ttl = -1;            // lowest of the answers, seconds; -1 when DNS was not asked
  std::string canonical;   // the last name of the alias chain
  std::string source;      // address observation: dns | literal | hosts
  bool cancelled = false;  // the diagnosis ended before an answer
};

// Asks A and AAAA at once, and the next resolver when one stays silent or fails. Records one `dns`
// for each question and server; a name that fails is asked again without validation, and a control
// name tells a dead resolver from a dead zone. What is not needed for the answer (the HTTPS record,
// slower resolvers) goes on in `rest`, at most limits::kDnsWait; `survey` must outlive it. When no
// answer came for limits::kDnsPatience, `on_delay` is called: time to ask others meanwhile.
net::Task<Resolution> resolve(Survey& survey, net::Group& rest,
                              std::function<void()> on_delay = {});
// The same, and what is not needed for the answer is dropped.
net::Task<Resolution> resolve(Survey& survey);

// Families by turns, IPv6 first, each in the order given (RFC 8305 section 4).
std::vector<IpAddress> happy_eyeballs_order(const std::vector<IpAddress>& addresses);

// All that is known about an answer, or its absence, for one family.
struct DnsFacts {
  net::DnsOutcome outcome = net::DnsOutcome::timeout;
  int os_code = 0;
  int rcode = 0;
  bool has_address = false;
  bool loop = false;               // of aliases, or a chain without end
  bool dnssec_error = false;       // an extended error says so
  bool answers_unchecked = false;  // the same question with CD=1 gives an answer
};

// The one mapping of DNS outcomes and rcodes to a failure; nothing when there is an address.
std::optional<model::FailureId> failure_of(const DnsFacts& facts);

}  // namespace causeway::reach
