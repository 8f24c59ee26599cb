#include "reach/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <memory>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_answer.hpp"
#include "codec/dns_name.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"
#include "reach/dns_control.hpp"
#include "reach/dns_record.hpp"
#include "reach/resolve_system.hpp"

namespace causeway::reach {
namespace {

constexpr Duration kSlowResolverWait = std::chrono::milliseconds{6400};

using codec::DnsType;
using model::FailureId;
using net::DnsOutcome;

// What all questions of one resolve() share. They may outlive it in the caller's group.
struct Shared {
  Survey& survey;
  net::Group& rest;
  std::string name;
  std::vector<Endpoint> servers;
  Instant deadline;
  std::function<void()> on_delay;
};
using SharedPtr = std::shared_ptr<Shared>;

// --- one question, several resolvers ---

struct Answer {
  std::size_t server = 0;
  net::DnsReply reply;
};

bool is_useful(const net::DnsReply& reply) {
  return reply.outcome == DnsOutcome::answered && (reply.message->rcode == codec::rcode::kNoError ||
                                                   reply.message->rcode == codec::rcode::kNxDomain);
}

// How much an answer tells about the name: of several failures the most telling one is the answer.
int weight(const net::DnsReply& reply) {
  if (is_useful(reply)) return 6;
  switch (reply.outcome) {
    case DnsOutcome::answered: return 5;
    case DnsOutcome::tcp_failed: return 4;
    case DnsOutcome::malformed: return 3;
    case DnsOutcome::timeout: return 2;
    case DnsOutcome::refused:
    case DnsOutcome::unreachable: return 1;
    default: return 0;
  }
}

class Race {
 public:
  explicit Race(std::size_t servers) : left_(servers) {}

  void took(std::size_t server, net::DnsReply reply) {
    const bool useful = is_useful(reply);
    if (!best_ || weight(reply) > weight(best_->reply)) best_ = Answer{server, std::move(reply)};
    ended_.at(server).set();
    if (--left_ == 0 || useful) decided.set();
    if (!decided.is_set()) return;
    for (auto& ended : ended_) ended.set();
  }
  auto ended(std::size_t server, Instant deadline) { return ended_.at(server).wait(deadline); }

  Answer answer() const {
    if (best_) return *best_;
    Answer none;
    none.reply.outcome = DnsOutcome::interrupted;
    return none;
  }

  net::Event decided;

 private:
  std::size_t left_;
  std::optional<Answer> best_;
  std::array<net::Event, static_cast<std::size_t>(limits::kDnsResolvers)> ended_;
};

net::Task<void> contest(SharedPtr shared, std::shared_ptr<Race> race, std::size_t server,
                        codec::DnsQuery query) {
  DnsQuestionAsked asked{.role = "resolver",
                         .server = shared->servers.at(server),
                         .server_name = {},
                         .query = std::move(query)};
  // A resolver that has to ask slow servers first may need longer than one of a library's own tries
  // (five seconds, resolv.conf(5)): it gets a quarter of the time there is.
  const Duration room = (shared->deadline - net::Loop::current().now()) / 4;
  const Duration wait = std::clamp<Duration>(room, limits::kDnsWait, kSlowResolverWait);
  race->took(server,
             co_await ask_and_record(shared->survey, std::move(asked), shared->deadline, wait));
}

net::Task<Answer> ask_resolvers(SharedPtr shared, codec::DnsQuery query) {
  const std::size_t servers = shared->servers.size();
  const auto race = std::make_shared<Race>(servers);
  for (std::size_t i = 0; i < servers && !race->decided.is_set(); ++i) {
    shared->rest.start(contest(shared, race, i, query));
    const Instant next = net::Loop::current().now() + limits::kDnsNextServerWait;
    if (i + 1 < servers) co_await race->ended(i, std::min(next, shared->deadline));
  }
  co_await race->decided.wait(kNever);
  co_return race->answer();
}

// --- one family ---

struct FamilyAnswer {
  bool interrupted = false;
  DnsFacts facts;
  std::vector<IpAddress> addresses;
  std::vector<std::string> chain;
  std::optional<std::uint32_t> ttl;
  Answer last;
};

// Takes an answer in. True when its last name is an alias whose target it left open.
bool take_answer(FamilyAnswer& family, const codec::DnsQuestion& question, Answer answer) {
  family.last = std::move(answer);
  const net::DnsReply& reply = family.last.reply;
  family.interrupted = reply.outcome == DnsOutcome::interrupted;
  family.facts.outcome = reply.outcome;
  family.facts.os_code = reply.os_code;
  family.facts.dnssec_error = says_bogus(reply);
  if (reply.outcome != DnsOutcome::answered) return false;
  const auto aliases = codec::follow_aliases(*reply.message, question);
  family.facts.rcode = reply.message->rcode;
  family.facts.loop = aliases.loop || aliases.too_long;
  for (auto at = aliases.names.begin() + 1; at != aliases.names.end(); ++at) {
    const bool seen = std::ranges::find(family.chain, *at) != family.chain.end();
    family.facts.loop = family.facts.loop || seen;
    family.chain.push_back(*at);
  }
  if (aliases.ttl) family.ttl = std::min(family.ttl.value_or(*aliases.ttl), *aliases.ttl);
  for (const auto& address : aliases.addresses) {
    const bool wanted = address.is_v4() == (question.type == DnsType::a);
    if (wanted) family.addresses.push_back(address);
  }
  family.facts.has_address = !family.addresses.empty();
  // With an SOA the resolver says "no such data" about the target itself (RFC 2308 section 2.2).
  const bool final_word = codec::serial(*reply.message).has_value();
  return !family.facts.loop && !family.facts.has_address && aliases.names.size() > 1 &&
         reply.message->rcode == codec::rcode::kNoError && !final_word;
}

net::Task<FamilyAnswer> look_up(SharedPtr shared, DnsType type) {
  FamilyAnswer family;
  family.chain.push_back(shared->name);
  codec::DnsQuestion question{shared->name, type};
  for (int depth = 0; depth < limits::kDnsAliasDepth; ++depth) {
    Answer answer = co_await ask_resolvers(shared, resolver_query(question.name, question.type));
    const bool open_alias = take_answer(family, question, std::move(answer));
    if (!open_alias) break;
    question.name = family.chain.back();
    family.facts.loop = depth + 1 == limits::kDnsAliasDepth;
  }
  const bool servfail =
      family.facts.outcome == DnsOutcome::answered && family.facts.rcode == codec::rcode::kServFail;
  if (!servfail) co_return family;
  // The same without validation: an answer now means that the signatures are what is wrong.
  DnsQuestionAsked asked{.role = "resolver",
                         .server = shared->servers.at(family.last.server),
                         .server_name = {},
                         .query = resolver_query(question.name, question.type)};
  asked.query.checking_disabled = true;
  const auto reply = co_await ask_and_record(shared->survey, std::move(asked), shared->deadline);
  family.facts.answers_unchecked = is_useful(reply);
  co_return family;
}

// --- both families ---

struct Families {
  FamilyAnswer v4;
  FamilyAnswer v6;
  std::optional<Family> only;  // the other one is not asked
  int ended = 0;
  net::Event enough;  // one family has an address, or both have ended
  net::Event both;
  net::Event control;  // a resolver is alive, or none is
  std::size_t controls_ended = 0;
};

net::Task<void> look_up_family(SharedPtr shared, std::shared_ptr<Families> families, DnsType type) {
  FamilyAnswer& family = type == DnsType::a ? families->v4 : families->v6;
  family = co_await look_up(shared, type);
  if (++families->ended == (families->only ? 1 : 2)) families->both.set();
  if (family.facts.has_address || families->both.is_set()) families->enough.set();
}

net::Task<void> look_up_service(SharedPtr shared) {
  DnsQuestionAsked asked{.role = "resolver",
                         .server = shared->servers.front(),
                         .server_name = {},
                         .query = resolver_query(shared->name, DnsType::https)};
  co_await ask_and_record(shared->survey, std::move(asked), shared->deadline);
}

net::Task<void> control_one(SharedPtr shared, std::shared_ptr<Families> families,
                            std::size_t server) {
  co_await ask_control(shared->survey, shared->servers.at(server), shared->deadline,
                       &families->control);
  if (++families->controls_ended == shared->servers.size()) families->control.set();
}

void start_control(const SharedPtr& shared, const std::shared_ptr<Families>& families) {
  for (std::size_t i = 0; i < shared->servers.size(); ++i) {
    shared->rest.start(control_one(shared, families, i));
  }
}

// Whether to wait for a control name before this failure is told: a resolver that said anything
// readable about the name is alive, and where nothing listens there is nothing to ask.
bool needs_control(const DnsFacts& facts) {
  return facts.outcome == DnsOutcome::timeout || facts.outcome == DnsOutcome::malformed ||
         facts.outcome == DnsOutcome::tcp_failed;
}

// Whether it is worth asking at all: did the resolver fail, or the name?
bool wants_control(const DnsFacts& facts) {
  const bool name_failed =
      facts.rcode == codec::rcode::kNoError || facts.rcode == codec::rcode::kNxDomain;
  return needs_control(facts) || (facts.outcome == DnsOutcome::answered && !name_failed);
}

// The family that explains why there is no address: A, unless all it says is "none of this type".
const FamilyAnswer& telling(const Families& families) {
  if (families.only) return families.only == Family::ipv4 ? families.v4 : families.v6;
  const auto v4 = failure_of(families.v4.facts);
  const auto v6 = failure_of(families.v6.facts);
  const bool only_empty = v4 == FailureId::resolve_no_address;
  return only_empty && v6 && !families.v6.interrupted ? families.v6 : families.v4;
}

std::string describe(const FamilyAnswer& family, const Shared& shared) {
  const net::DnsReply& reply = family.last.reply;
  const std::string server = family.last.server < shared.servers.size()
                                 ? shared.servers[family.last.server].address.text()
                                 : std::string{};
  const std::string& name = family.chain.back();
  if (family.facts.loop)
    return fmt::format("the aliases {} lead in a circle, or on and on", join(family.chain, " -> "));
  switch (reply.outcome) {
    case DnsOutcome::answered: {
      const bool unchecked = family.facts.answers_unchecked;
      const std::string what = reply.message->rcode == 0
                                   ? std::string{"no A or AAAA record"}
                                   : std::string{codec::rcode_name(reply.message->rcode)};
      return fmt::format("{} says {} for {}{}", server, what, name,
                         unchecked ? ", and answers when told not to validate" : "");
    }
    case DnsOutcome::timeout:
      return fmt::format("{} did not answer {} questions in {:.1f} s", server, reply.tries,
                         milliseconds(reply.elapsed) / 1000);
    case DnsOutcome::refused: return fmt::format("nothing listens for DNS at {}", server);
    case DnsOutcome::unreachable:
      return fmt::format("{} cannot be reached ({})", server,
                         reply.icmp ? reply.icmp->name : "no route");
    case DnsOutcome::malformed:
      return fmt::format("the answer of {} cannot be used: {}", server, reply.detail);
    case DnsOutcome::tcp_failed:
      return fmt::format("the answer of {} needs TCP, and TCP to it fails ({})", server,
                         net::errno_name(reply.os_code));
    case DnsOutcome::local:
      return fmt::format("this machine cannot send to {} ({})", server,
                         net::errno_name(reply.os_code));
    case DnsOutcome::interrupted: break;
  }
  return "ended before an answer came";
}

void record_own_trouble(Survey& survey, const Endpoint& server, const net::DnsReply& reply) {
  model::Observation seen{model::Kind::self_check, "resolve", server.address.text()};
  seen.set("check", "resolver").set("outcome", "failed");
  seen.set("family", name(server.address.family()));
  seen.set("detail", fmt::format("questions to {} cannot leave this machine", server.text()));
  seen.set("error", net::errno_name(reply.os_code));
  survey.record.add(std::move(seen));
}

void conclude(Resolution& out, const Families& families, const Shared& shared) {
  for (const auto* family : {&families.v4, &families.v6}) {
    out.addresses.insert(out.addresses.end(), family->addresses.begin(), family->addresses.end());
    if (family->ttl) {
      const int ttl = static_cast<int>(*family->ttl);
      out.ttl = out.ttl < 0 ? ttl : std::min(out.ttl, ttl);
    }
  }
  const FamilyAnswer& shown =
      families.v4.facts.has_address || !families.v6.facts.has_address ? families.v4 : families.v6;
  if (!shown.chain.empty()) out.canonical = shown.chain.back();
  if (!out.addresses.empty()) {
    std::vector<std::string> texts;
    texts.reserve(out.addresses.size());
    for (const auto& address : out.addresses) texts.push_back(address.text());
    out.because = fmt::format("{} is {}", shared.name, join(texts, ", "));
    return;
  }
  const FamilyAnswer& why = telling(families);
  const bool cut_short = why.facts.outcome == DnsOutcome::timeout &&
                         (net::Loop::current().interrupted() || Clock::now() >= shared.deadline);
  out.cancelled = why.interrupted || families.ended == 0 || cut_short;
  out.failure = out.cancelled ? FailureId::cancelled : failure_of(why.facts);
  out.because = out.cancelled ? "ended before an answer came" : describe(why, shared);
  if (why.facts.outcome == DnsOutcome::local && why.last.server < shared.servers.size()) {
    record_own_trouble(shared.survey, shared.servers[why.last.server], why.last.reply);
  }
}

net::Task<Resolution> resolve_by_dns(SharedPtr shared) {
  net::Loop& loop = net::Loop::current();
  const Instant began = Clock::now();
  const auto families = std::make_shared<Families>();
  families->only = shared->survey.request.family;
  if (families->only != Family::ipv6) {
    shared->rest.start(look_up_family(shared, families, DnsType::a));
  }
  if (families->only != Family::ipv4) {
    shared->rest.start(look_up_family(shared, families, DnsType::aaaa));
  }
  const bool quick = shared->survey.request.mode == model::Mode::quick;
  if (!quick) shared->rest.start(look_up_service(shared));
  bool asks_control = false;
  if (!co_await families->enough.wait(loop.now() + limits::kDnsPatience) && !loop.interrupted()) {
    asks_control = true;
    start_control(shared, families);
    if (shared->on_delay) shared->on_delay();
    co_await families->enough.wait(kNever);
  }
  if (!families->both.is_set()) {
    co_await families->both.wait(shared->survey.until(loop.now(), limits::kDnsOtherFamilyWait));
  }
  Resolution out;
  out.source = "dns";
  conclude(out, *families, *shared);
  out.elapsed = Clock::now() - began;
  if (!out.failure || out.cancelled) co_return out;
  const DnsFacts& facts = telling(*families).facts;
  if (!asks_control && wants_control(facts)) start_control(shared, families);
  if (needs_control(facts)) co_await families->control.wait(kNever);
  co_return out;
}

// Answers that need no DNS: literals, /etc/hosts, and names that are none.
std::optional<Resolution> resolve_without_dns(Survey& survey) {
  const std::string& host = survey.request.target.host;
  Resolution out;
  out.canonical = host;
  if (const auto literal = IpAddress::parse(host)) {
    out.addresses.push_back(*literal);
    out.source = "literal";
    out.because = "an address, no name to resolve";
    return out;
  }
  if (const auto name = codec::dns_name(host); !name) {
    out.failure = FailureId::resolve_not_found;
    out.because = name.error().text;
    return out;
  }
  if (survey.request.resolver) return std::nullopt;
  const auto named = hosts_addresses(host);
  if (named.empty()) return std::nullopt;
  for (const bool v4 : {true, false}) {
    std::ranges::copy_if(named, std::back_inserter(out.addresses),
                         [&](const IpAddress& address) { return address.is_v4() == v4; });
  }
  out.source = "hosts";
  out.because = "named in /etc/hosts of this machine: an edge asks DNS instead";
  std::vector<std::string> texts;
  texts.reserve(out.addresses.size());
  for (const auto& address : out.addresses) texts.push_back(address.text());
  model::Observation seen{model::Kind::dns, "resolve", host};
  seen.set("role", "hosts").set("server", "/etc/hosts").set("name", host);
  seen.set("outcome", "answered").set("addresses", std::move(texts));
  survey.record.add(std::move(seen));
  return out;
}

// Where one family is asked about, addresses of the other are none.
void keep_family(const Request& request, Resolution& found) {
  if (!request.family || found.addresses.empty()) return;
  std::erase_if(found.addresses,
                [&](const IpAddress& address) { return address.family() != *request.family; });
  if (!found.addresses.empty()) return;
  found.failure = FailureId::resolve_no_address;
  found.because = fmt::format("{} has no {} address", request.target.host, name(*request.family));
}

}  // namespace

std::optional<FailureId> failure_of(const DnsFacts& facts) {
  if (facts.has_address) return std::nullopt;
  if (facts.loop) return FailureId::resolve_alias_loop;
  switch (facts.outcome) {
    case DnsOutcome::timeout: return FailureId::resolve_timeout;
    case DnsOutcome::refused:
    case DnsOutcome::unreachable:
    case DnsOutcome::local: return FailureId::resolve_resolver_unreachable;
    case DnsOutcome::malformed: return FailureId::resolve_malformed;
    case DnsOutcome::tcp_failed:
      return facts.os_code == ETIMEDOUT ? FailureId::resolve_timeout
                                        : FailureId::resolve_resolver_unreachable;
    case DnsOutcome::interrupted: return FailureId::cancelled;
    case DnsOutcome::answered: break;
  }
  switch (facts.rcode) {
    case codec::rcode::kNoError: return FailureId::resolve_no_address;
    case codec::rcode::kNxDomain: return FailureId::resolve_not_found;
    case codec::rcode::kRefused: return FailureId::resolve_refused;
    default: break;
  }
  const bool bogus = facts.dnssec_error || facts.answers_unchecked;
  return bogus ? FailureId::resolve_bogus : FailureId::resolve_server_failed;
}

std::vector<IpAddress> happy_eyeballs_order(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> v4;
  std::vector<IpAddress> v6;
  for (const auto& address : addresses) (address.is_v4() ? v4 : v6).push_back(address);
  std::vector<IpAddress> out;
  for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
    if (i < v6.size()) out.push_back(v6[i]);
    if (i < v4.size()) out.push_back(v4[i]);
  }
  return out;
}

net::Task<Resolution> resolve(Survey& survey, net::Group& rest, std::function<void()> on_delay) {
  if (auto known = resolve_without_dns(survey)) {
    keep_family(survey.request, *known);
    co_return std::move(*known);
  }
  const Instant deadline = survey.deadline;
  auto shared =
      std::make_shared<Shared>(survey, rest, codec::dns_name(survey.request.target.host).value(),
                               resolvers_of(survey.request), deadline, std::move(on_delay));
  co_return co_await resolve_by_dns(std::move(shared));
}

net::Task<Resolution> resolve(Survey& survey) {
  net::Group dropped_at_the_end;
  co_return co_await resolve(survey, dropped_at_the_end);
}

}  // namespace causeway::reach
