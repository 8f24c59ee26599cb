#include "reach/dns_record.hpp"

#include <algorithm>
#include <cerrno>

#include "base/limits.hpp"
#include "net/tcp.hpp"

namespace causeway::reach {
namespace {

constexpr std::uint16_t kDnsPort = 53;

std::string text_of(const Endpoint& server) {
  return server.port == kDnsPort ? server.address.text() : server.text();
}

std::vector<std::string> texts_of(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> out;
  out.reserve(addresses.size());
  for (const auto& address : addresses) out.push_back(address.text());
  return out;
}

// Records worth showing besides addresses and aliases: of the answer, and what stands for one (the
// SOA of "no such data", the NS of a referral).
std::vector<std::string> other_records(const codec::DnsMessage& message) {
  std::vector<std::string> out;
  const auto add = [&](const codec::DnsRecord& record) {
    if (out.size() < static_cast<std::size_t>(limits::kDnsRecordsShown)) {
      out.push_back(codec::presentation(record));
    }
  };
  for (const auto& record : message.answers) {
    if (!record.address && record.type != codec::DnsType::cname) add(record);
  }
  for (const auto& record : message.authorities) {
    if (record.type == codec::DnsType::soa || record.type == codec::DnsType::ns) add(record);
  }
  return out;
}

void set_error(model::Observation& seen, const codec::DnsMessage& message) {
  if (message.errors.empty()) return;
  // Several may come (RFC 8914 section 2); one that explains a failure is worth more than "other".
  const auto telling =
      std::ranges::find_if(message.errors, [](const auto& extended) { return extended.code != 0; });
  const auto& extended = telling == message.errors.end() ? message.errors.front() : *telling;
  seen.set("ede", extended.code);
  const std::string_view meaning = codec::extended_error_name(extended.code);
  seen.set("ede_text", extended.text.empty() ? std::string{meaning} : extended.text);
}

void set_answer(model::Observation& seen, const codec::DnsQuery& query,
                const codec::DnsMessage& message) {
  const auto aliases = codec::follow_aliases(message, query.question);
  seen.set("rcode", codec::rcode_name(message.rcode));
  seen.set("rcode_code", message.rcode);
  seen.set("authoritative", message.authoritative);
  seen.set("authentic", message.authentic);
  set_error(seen, message);
  const bool asks_address =
      query.question.type == codec::DnsType::a || query.question.type == codec::DnsType::aaaa;
  if (asks_address && !aliases.addresses.empty()) {
    seen.set("addresses", texts_of(aliases.addresses));
  }
  if (aliases.names.size() > 1) seen.set("aliases", aliases.names);
  if (aliases.loop) seen.set("alias_loop", true);
  if (auto others = other_records(message); !others.empty()) seen.set("records", std::move(others));
  if (message.records_left_out > 0) seen.set("records_left_out", message.records_left_out);
  if (aliases.ttl) seen.set("ttl", static_cast<std::int64_t>(*aliases.ttl));
  // Also that of "no such data": the zone's SOA, when its apex was not known. With other types the
  // SOA may be that of the zone an alias leads to.
  const auto serial = codec::serial(message);
  if (serial && query.question.type == codec::DnsType::soa) {
    seen.set("serial", static_cast<std::int64_t>(*serial));
  }
  if (codec::referral(message, query.question)) seen.set("referral", true);
}

}  // namespace

codec::DnsQuery resolver_query(std::string name, codec::DnsType type) {
  return {.id = 0, .question = {std::move(name), type}};
}

codec::DnsQuery authority_query(std::string name, codec::DnsType type) {
  return {.id = 0, .question = {std::move(name), type}, .recursion = false};
}

bool says_bogus(const net::DnsReply& reply) {
  return reply.message && std::ranges::any_of(reply.message->errors, [](const auto& extended) {
           return codec::is_dnssec_error(extended.code);
         });
}

std::string record_dns(Survey& survey, const DnsQuestionAsked& asked, const net::DnsReply& reply) {
  if (reply.outcome == net::DnsOutcome::interrupted) return {};
  model::Observation seen{model::Kind::dns, "resolve", asked.query.question.name};
  seen.set("role", asked.role).set("server", text_of(asked.server));
  if (!asked.server_name.empty()) seen.set("server_name", asked.server_name);
  seen.set("transport", reply.over_tcp ? "tcp" : "udp");
  seen.set("name", asked.query.question.name);
  seen.set("type", codec::name(asked.query.question.type));
  seen.set("outcome", net::name(reply.outcome));
  // Not of tcp-failed: what came before the cut is no answer (RFC 2181 section 9).
  if (reply.outcome == net::DnsOutcome::answered) set_answer(seen, asked.query, *reply.message);
  if (reply.truncated) seen.set("truncated", true);
  if (asked.query.checking_disabled) seen.set("checking_disabled", true);
  seen.set("elapsed_ms", reply.elapsed).set("tries", reply.tries);
  if (reply.os_code != 0) seen.set("error", net::errno_name(reply.os_code));
  if (reply.icmp) {
    seen.set("icmp", reply.icmp->name);
    seen.set("offender", reply.icmp->offender);
  }
  return survey.record.add(std::move(seen)).id;
}

net::Task<net::DnsReply> ask_and_record(Survey& survey, DnsQuestionAsked asked, Instant deadline,
                                        Duration wait) {
  net::DnsAsk ask{.server = asked.server,
                  .query = asked.query,
                  .source = {},
                  .deadline = std::min(deadline, survey.deadline),
                  .wait = wait};
  net::DnsReply reply = co_await net::ask_dns(std::move(ask));
  record_dns(survey, asked, reply);
  co_return reply;
}

}  // namespace causeway::reach
