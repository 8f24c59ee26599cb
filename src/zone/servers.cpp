#include "zone/servers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "base/limits.hpp"
#include "codec/dns_answer.hpp"
#include "codec/dns_name.hpp"
#include "net/dns.hpp"
#include "net/dns_transfer.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "reach/authority_walk.hpp"
#include "reach/dns_record.hpp"
#include "reach/resolve_system.hpp"
#include "zone/limits.hpp"

namespace causeway::zone {
namespace {

using codec::DnsType;
using Key = std::pair<std::string, std::string>;  // name, type

constexpr std::array<std::string_view, 8> kTypesOfName{"A",   "AAAA", "CNAME", "MX",
                                                       "TXT", "SRV",  "CAA",   "HTTPS"};
constexpr std::array<std::string_view, 4> kTypesOfApex{"SOA", "NS", "DNSKEY", "DS"};
// Where nothing is known but the zone's name: what most zones have.
constexpr std::array<std::string_view, 14> kUsualNames{
    "www", "mail",   "api", "app",   "shop",   "blog",         "cdn",
    "img", "static", "ftp", "admin", "_dmarc", "autodiscover", "webmail"};

constexpr codec::DnsKeep kWhole{.records = limits::kDnsRecordsOfTransfer,
                                .data = limits::kDnsDataOfTransfer};

std::vector<Key> questions_for(const ServersQuestion& question) {
  std::set<Key> keys;
  const auto add_name = [&](const std::string& name) {
    for (const auto type : kTypesOfName) keys.insert({name, std::string{type}});
  };
  for (const auto type : kTypesOfApex) keys.insert({question.zone, std::string{type}});
  add_name(question.zone);
  for (const auto& name : question.names) add_name(name);
  for (const auto& record : question.expected) {
    if (!codec::dns_within(record.name, question.zone)) continue;
    keys.insert({record.name, record.type});
    if (record.is_address()) {
      keys.insert({record.name, "A"});
      keys.insert({record.name, "AAAA"});
    }
  }
  if (question.expected.empty()) {
    for (const auto label : kUsualNames) add_name(fmt::format("{}.{}", label, question.zone));
  }
  return {keys.begin(), keys.end()};
}

// All questions to one server: the transfer first, else one by one.
class OneServer {
 public:
  OneServer(const ServersQuestion& question, const std::vector<Key>& keys, Endpoint endpoint,
            std::string name)
      : question_(question), keys_(keys), endpoint_(endpoint) {
    out_.state.name = std::move(name);
    out_.state.address = endpoint.address;
    out_.state.transfer = "not-tried";
  }

  net::Task<ServerAnswers> run() {
    co_await ask(question_.zone, DnsType::soa);
    if (out_.state.outcome == "answered" && question_.transfer && co_await transfer()) {
      co_return std::move(out_);
    }
    if (out_.state.outcome == "answered") {
      net::Group group;
      for (int i = 0; i < limits::kZoneQuestionsAtOnce; ++i) group.start(worker());
      co_await group.finished();
    }
    co_return std::move(out_);
  }

 private:
  net::Task<bool> transfer() {
    auto got = co_await net::transfer_zone(endpoint_, question_.zone, question_.source,
                                           question_.deadline);
    out_.state.transfer = net::name(got.outcome);
    if (got.outcome != net::TransferOutcome::done) co_return false;
    out_.records.clear();
    for (const auto& record : got.records) {
      const bool of_dnssec = record.type == DnsType::rrsig ||
                             codec::name(record.type) == "TYPE47" ||
                             codec::name(record.type) == "TYPE50";  // NSEC, NSEC3
      if (!of_dnssec) out_.records.push_back(record_of(record));
    }
    out_.state.serial = got.serial;
    out_.asked.clear();
    co_return true;
  }

  net::Task<void> worker() {
    while (next_ < keys_.size()) {
      const Key& key = keys_[next_++];
      const auto type = codec::dns_type_named(key.second);
      if (type) co_await ask(key.first, *type);
    }
  }

  net::Task<void> ask(std::string name, DnsType type) {
    net::DnsAsk ask{
        .server = endpoint_,
        .query = reach::authority_query(name, type),
        .source = question_.source && question_.source->family() == endpoint_.address.family()
                      ? question_.source
                      : std::nullopt,
        .deadline = question_.deadline,
        .keep = kWhole};
    const net::DnsReply reply = co_await net::ask_dns(std::move(ask));
    take(name, type, reply);
  }

  void take(const std::string& name, DnsType type, const net::DnsReply& reply) {
    const bool of_zone = type == DnsType::soa && name == question_.zone;
    if (reply.outcome != net::DnsOutcome::answered) {
      if (of_zone) out_.state.outcome = net::name(reply.outcome);
      return;
    }
    const auto& message = *reply.message;
    if (of_zone) {
      out_.state.serial = codec::serial(message);
      out_.state.outcome = message.authoritative ? "answered" : "not-authoritative";
    }
    // What a server does not answer for is neither there nor missing.
    const bool knows = message.authoritative && (message.rcode == codec::rcode::kNoError ||
                                                 message.rcode == codec::rcode::kNxDomain);
    if (!knows) return;
    out_.asked.emplace_back(name, codec::name(type));
    for (const auto& record : message.answers) {
      if (record.owner != name || record.type != type) continue;
      out_.records.push_back(record_of(record));
    }
  }

  const ServersQuestion& question_;
  const std::vector<Key>& keys_;
  Endpoint endpoint_;
  std::size_t next_ = 0;
  ServerAnswers out_;
};

std::map<Key, std::vector<std::string>> answers_of(const ServerAnswers& server) {
  std::map<Key, std::vector<std::string>> out;
  for (const auto& key : server.asked) out[key];
  for (const auto& record : server.records) {
    auto& contents = out[{record.name, record.type}];
    const std::string content = canonical_content(record.type, record.content);
    contents.push_back(record.priority ? fmt::format("{} {}", *record.priority, content) : content);
  }
  for (auto& [key, contents] : out) std::ranges::sort(contents);
  return out;
}

struct Found {
  std::vector<std::pair<std::string, Endpoint>> servers;
  std::vector<ServerState> without_address;
  std::vector<std::string> notes;
};

net::Task<Found> find_servers(const ServersQuestion& question) {
  Found out;
  for (const auto& endpoint : question.authorities) out.servers.emplace_back("", endpoint);
  if (!out.servers.empty()) co_return out;
  reach::Request request;
  request.target.host = question.zone;
  request.resolver = question.resolver;
  request.source = question.source;
  reach::Record record;
  const Instant deadline = std::min(question.deadline, Clock::now() + limits::kDnsAuthorityWait);
  reach::Survey survey{request, record, deadline};
  const auto delegation =
      co_await reach::walk_delegation(survey,
                                      {.name = question.zone,
                                       .roots = reach::root_addresses(),
                                       .resolvers = reach::resolvers_of(request)},
                                      deadline);
  if (delegation.zone.empty()) {
    out.notes.push_back("the zone's name servers were not found: " + delegation.detail);
  } else if (delegation.zone != question.zone) {
    out.notes.push_back(
        fmt::format("{} is no zone of its own: it is part of {}", question.zone, delegation.zone));
  }
  constexpr std::uint16_t kDnsPort = 53;
  for (const auto& server : delegation.servers) {
    if (server.addresses.empty()) {
      out.without_address.push_back({.name = server.name,
                                     .address = {},
                                     .outcome = "no-address",
                                     .serial = {},
                                     .transfer = "not-tried",
                                     .differs = {}});
    }
    for (const auto& address : server.addresses) {
      out.servers.emplace_back(server.name, Endpoint{address, kDnsPort});
    }
  }
  if (out.servers.size() > limits::kZoneServers) out.servers.resize(limits::kZoneServers);
  co_return out;
}

}  // namespace

Served agree(std::vector<ServerAnswers> answers) {
  Served out;
  std::vector<std::map<Key, std::vector<std::string>>> seen;
  std::map<Key, std::map<std::vector<std::string>, int>> votes;
  for (const auto& server : answers) {
    seen.push_back(answers_of(server));
    const bool whole = server.state.transfer == "done";
    out.transferred = out.transferred || whole;
  }
  std::set<Key> keys;
  for (const auto& each : seen) {
    for (const auto& [key, contents] : each) keys.insert(key);
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].state.outcome != "answered") continue;
    for (const auto& key : keys) {
      const auto found = seen[i].find(key);
      const bool whole = answers[i].state.transfer == "done";
      if (found == seen[i].end() && !whole) continue;  // was not asked, or did not say
      ++votes[key][found == seen[i].end() ? std::vector<std::string>{} : found->second];
    }
  }
  for (const auto& [key, contents] : votes) {
    const auto most = std::ranges::max_element(
        contents, {}, [](const auto& vote) { return std::pair{vote.second, vote.first.size()}; });
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto found = seen[i].find(key);
      const bool whole = answers[i].state.transfer == "done";
      if (answers[i].state.outcome != "answered" || (found == seen[i].end() && !whole)) continue;
      auto own = found == seen[i].end() ? std::vector<std::string>{} : found->second;
      // Serials differ for a moment after every change: they stand beside the server already.
      if (own != most->first && key.second != "SOA") {
        answers[i].state.differs.push_back({key.first, key.second, std::move(own)});
      }
    }
    const auto source = std::ranges::find_if(seen, [&](const auto& each) {
      const auto found = each.find(key);
      return found != each.end() && found->second == most->first;
    });
    if (source == seen.end()) continue;
    for (const auto& record : answers[static_cast<std::size_t>(source - seen.begin())].records) {
      if (record.name == key.first && record.type == key.second) out.records.push_back(record);
    }
  }
  sort_records(out.records);
  for (auto& server : answers) out.servers.push_back(std::move(server.state));
  return out;
}

void compare_with_provider(std::vector<ServerState>& servers, const std::vector<Record>& served,
                           const std::vector<Record>& records, std::string_view zone) {
  std::set<Key> keys;
  std::set<std::string> proxied;
  for (const auto& record : records) {
    keys.insert({record.name, record.type});
    if (record.proxied.value_or(false)) proxied.insert(record.name);
  }
  for (const auto& [name, type] : keys) {
    const bool of_server = type == "SOA" || type == "NS";
    const bool flattened = name == zone && type == "CNAME";
    if (proxied.contains(name) || of_server || flattened || name.starts_with("*.")) continue;
    const auto wanted = contents_of(records, name, type);
    const auto most = contents_of(served, name, type);
    for (auto& server : servers) {
      if (server.outcome != "answered") continue;
      const auto own = std::ranges::find_if(server.differs, [&](const Answers& answers) {
        return answers.name == name && answers.type == type;
      });
      if (own != server.differs.end()) {
        if (own->contents == wanted) server.differs.erase(own);
      } else if (most != wanted) {
        server.differs.push_back({name, type, most});
      }
    }
  }
}

net::Task<Served> ask_servers(ServersQuestion question) {
  Found found = co_await find_servers(question);
  std::vector<Key> keys = questions_for(question);
  const bool cut = keys.size() > limits::kZoneNamesAsked;
  if (cut) keys.resize(limits::kZoneNamesAsked);
  std::vector<ServerAnswers> answers(found.servers.size());
  net::Group group;
  const auto one = [](const ServersQuestion& asked, const std::vector<Key>& all, Endpoint endpoint,
                      std::string name, ServerAnswers& into) -> net::Task<void> {
    OneServer server{asked, all, endpoint, std::move(name)};
    into = co_await server.run();
  };
  for (std::size_t i = 0; i < found.servers.size(); ++i) {
    const auto& [name, endpoint] = found.servers[i];
    group.start(one(question, keys, endpoint, name, answers[i]));
  }
  co_await group.finished();
  Served out = agree(std::move(answers));
  for (auto& server : found.without_address) out.servers.push_back(std::move(server));
  out.notes = std::move(found.notes);
  if (cut) out.notes.push_back(fmt::format("only {} names and types were asked", keys.size()));
  co_return out;
}

}  // namespace causeway::zone
