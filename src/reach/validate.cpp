#include "reach/validate.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "net/loop.hpp"
#include "net/validator.hpp"
#include "reach/dns_record.hpp"
#include "reach/resolve_system.hpp"

namespace causeway::reach {
namespace {

using codec::DnsType;

// Where Debian (dns-root-data, unbound) and others keep the root's key.
constexpr std::array kAnchorFiles{"/usr/share/dns/root.key", "/var/lib/unbound/root.key",
                                  "/etc/unbound/root.key", "/etc/trusted-key.key"};

std::optional<std::string> anchor_file() {
  for (const char* path : kAnchorFiles) {
    if (::access(path, R_OK) == 0) return path;
  }
  return std::nullopt;
}

bool holds(const codec::DnsMessage& message, DnsType type) {
  return std::ranges::any_of(message.answers,
                             [&](const auto& record) { return record.type == type; });
}

// A resolver that hands out the root's keys with their signatures. Without these every signed name
// would look bogus, whoever's fault it is.
net::Task<std::optional<Endpoint>> resolver_with_keys(const std::vector<Endpoint>& resolvers,
                                                      Instant deadline) {
  for (const auto& resolver : resolvers) {
    net::DnsAsk ask{.server = resolver,
                    .query = resolver_query(".", DnsType::dnskey),
                    .source = {},
                    .deadline = deadline};
    ask.query.dnssec = true;
    ask.query.checking_disabled = true;
    const auto reply = co_await net::ask_dns(std::move(ask));
    if (reply.outcome == net::DnsOutcome::answered && holds(*reply.message, DnsType::dnskey) &&
        holds(*reply.message, DnsType::rrsig)) {
      co_return resolver;
    }
  }
  co_return std::nullopt;
}

void record(Survey& survey, const std::string& name, std::string_view status,
            const std::string& reason) {
  model::Observation seen{model::Kind::dnssec, "resolve", name};
  seen.set("status", status).set("name", name);
  if (!reason.empty()) seen.set("reason", reason);
  survey.record.add(std::move(seen));
}

}  // namespace

net::Task<void> validate(Survey& survey) {
  const std::string& host = survey.request.target.host;
  const auto name = codec::dns_name(host);
  if (!name || IpAddress::parse(host)) co_return;
  const auto anchor = anchor_file();
  if (!anchor) {
    record(survey, *name, "not-tested",
           "no root key is installed (Debian package dns-root-data has it)");
    co_return;
  }
  const Instant deadline = survey.until(net::Loop::current().now(), limits::kDnssecWait);
  const auto resolver = co_await resolver_with_keys(resolvers_of(survey.request), deadline);
  if (!resolver) {
    record(survey, *name, "not-tested", "the resolver does not hand out the root's signed keys");
    co_return;
  }
  const auto validated = co_await net::validate_dnssec({.question = {*name, DnsType::a},
                                                        .resolvers = {*resolver},
                                                        .anchor_file = *anchor,
                                                        .deadline = deadline});
  if (net::Loop::current().interrupted()) co_return;
  // Already the root fails: our anchor is outdated, our clock is wrong, or the network has a root
  // of its own. That says nothing about the name.
  const bool root_fails = validated.validity == net::Validity::bogus &&
                          validated.reason.find("for trust anchor . ") != std::string::npos;
  record(survey, *name, net::name(root_fails ? net::Validity::indeterminate : validated.validity),
         root_fails ? "the root's keys do not verify here: " + validated.reason : validated.reason);
}

}  // namespace causeway::reach
