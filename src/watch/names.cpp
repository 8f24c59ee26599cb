#include "watch/names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "net/dns.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "reach/resolve.hpp"
#include "reach/resolve_system.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

using codec::DnsType;

std::string slot_key(const std::string& host, const std::optional<Endpoint>& resolver) {
  return resolver ? host + "@" + resolver->text() : host;
}

std::vector<Endpoint> servers_for(const std::optional<Endpoint>& resolver) {
  if (resolver) return {*resolver};
  const reach::Request system;
  return reach::resolvers_of(system);
}

// The next resolver when one does not answer, as the system does.
net::Task<net::DnsReply> ask_any(std::string host, DnsType type, std::vector<Endpoint> servers,
                                 Instant deadline) {
  net::DnsReply reply;
  for (const Endpoint& server : servers) {
    net::DnsAsk ask;
    ask.server = server;
    ask.query.question = {host, type};
    ask.deadline = deadline;
    ask.wait = limits::kDnsNextServerWait * 2;
    if (type == DnsType::txt) ask.keep.data = limits::kWatchTextRecord;
    reply = co_await net::ask_dns(std::move(ask));
    if (reply.outcome == net::DnsOutcome::answered) break;
  }
  co_return reply;
}

net::Task<void> ask_into(std::string host, DnsType type, std::vector<Endpoint> servers,
                         Instant deadline, net::DnsReply& out) {
  out = co_await ask_any(std::move(host), type, std::move(servers), deadline);
}

void take_addresses(const net::DnsReply& reply, Named& out, std::uint32_t& ttl) {
  if (!reply.message) return;
  for (const auto& record : reply.message->answers) {
    if (!record.address) continue;
    out.addresses.push_back(*record.address);
    ttl = std::min(ttl, record.ttl);
  }
}

reach::DnsFacts facts_of(const net::DnsReply& reply, bool has_address) {
  reach::DnsFacts facts;
  facts.outcome = reply.outcome;
  facts.os_code = reply.os_code;
  facts.has_address = has_address;
  if (reply.message) {
    facts.rcode = reply.message->rcode;
    facts.dnssec_error = std::ranges::any_of(
        reply.message->errors, [](const auto& one) { return codec::is_dnssec_error(one.code); });
  }
  return facts;
}

Named failed(std::string_view host, const net::DnsReply& reply) {
  Named out;
  out.failure = reach::failure_of(facts_of(reply, false));
  if (!out.failure) out.failure = model::FailureId::resolve_no_address;
  // A silent resolver may be ours that died: the look at the own network tells.
  const bool could_not_ask =
      reply.outcome == net::DnsOutcome::interrupted || reply.outcome == net::DnsOutcome::local;
  if (could_not_ask) out.failure = model::FailureId::resolve_resolver_unreachable;
  out.because = fmt::format("{}: {}", host, row(*out.failure).sentence);
  return out;
}

std::optional<DnsType> type_named(std::string_view text) {
  if (text == "A") return DnsType::a;
  if (text == "AAAA") return DnsType::aaaa;
  if (text == "CNAME") return DnsType::cname;
  if (text == "MX") return DnsType::mx;
  if (text == "NS") return DnsType::ns;
  if (text == "TXT") return DnsType::txt;
  return std::nullopt;
}

}  // namespace

std::string text_of_record(std::string_view presentation) {
  if (!presentation.starts_with('"')) return std::string{presentation};
  std::string out;
  bool inside = false;
  for (std::size_t i = 0; i < presentation.size(); ++i) {
    const char letter = presentation[i];
    const bool escaped = letter == '\\' && presentation.substr(i + 1).starts_with('"');
    if (inside && escaped) {
      out += '"';
      ++i;
    } else if (letter == '"') {
      inside = !inside;
    } else if (inside) {
      out += letter;
    }
  }
  return out;
}

const Named* Names::known(const std::string& host, const std::optional<Endpoint>& resolver) const {
  const auto found = slots_.find(slot_key(host, resolver));
  if (found == slots_.end() || found->second.asking) return nullptr;
  const Named& named = found->second.named;
  return named.until > net::Loop::current().now() ? &named : nullptr;
}

net::Task<Named> Names::ask(std::string host, std::optional<Endpoint> resolver, Duration wait) {
  const Instant began = Clock::now();
  Named out;
  if (const auto literal = IpAddress::parse(host)) {
    out.addresses = {*literal};
    out.until = kNever;
    co_return out;
  }
  if (!resolver) out.addresses = reach::hosts_addresses(host);
  if (!out.addresses.empty()) {
    out.until = began + limits::kWatchNameLeast;
    co_return out;
  }
  const auto name = codec::dns_name(host);
  if (!name) {
    out.failure = model::FailureId::resolve_not_found;
    out.because = name.error().text;
    out.until = kNever;
    co_return out;
  }
  const auto servers = servers_for(resolver);
  net::DnsReply a;
  net::DnsReply aaaa;
  {
    net::Group both;
    both.start(ask_into(*name, DnsType::a, servers, began + wait, a));
    both.start(ask_into(*name, DnsType::aaaa, servers, began + wait, aaaa));
    co_await both.finished();
  }
  std::uint32_t ttl = static_cast<std::uint32_t>(limits::kWatchNameMost.count());
  take_addresses(a, out, ttl);
  take_addresses(aaaa, out, ttl);
  if (out.addresses.empty()) out = failed(host, a);
  std::ranges::sort(out.addresses);  // the IPv4-mapped form stands before 2000::/3
  const auto gone = std::ranges::unique(out.addresses);
  out.addresses.erase(gone.begin(), gone.end());
  out.elapsed = Clock::now() - began;
  const std::chrono::seconds kept{ttl};
  out.until = Clock::now() +
              (out.failure ? Duration::zero() : std::max<Duration>(kept, limits::kWatchNameLeast));
  co_return out;
}

net::Task<Named> Names::addresses(std::string host, std::optional<Endpoint> resolver,
                                  Duration wait) {
  const std::string key = slot_key(host, resolver);
  const Instant deadline = Clock::now() + wait;
  Slot& slot = slots_[key];
  while (slot.asking) {
    if (!co_await slot.answered->wait(deadline)) {
      Named late;
      late.failure = model::FailureId::resolve_timeout;
      late.because = fmt::format("{}: {}", host, row(*late.failure).sentence);
      co_return late;
    }
    if (!slot.asking) co_return slot.named;
  }
  if (slot.named.until > net::Loop::current().now()) {
    Named out = slot.named;
    out.elapsed = Duration::zero();
    co_return out;
  }
  slot.asking = true;
  slot.answered->clear();
  Named asked = co_await ask(std::move(host), resolver, wait);
  slot.named = std::move(asked);
  slot.asking = false;
  slot.answered->set();
  co_return slot.named;
}

net::Task<Values> Names::values(std::string host, std::string type,
                                std::optional<Endpoint> resolver, Duration wait) {
  Values out;
  const auto wanted = type_named(type);
  const auto name = codec::dns_name(host);
  if (!wanted || !name) {
    out.failure = model::FailureId::resolve_not_found;
    out.because = name ? fmt::format("'{}' is no record type", type) : name.error().text;
    co_return out;
  }
  const auto servers = servers_for(resolver);
  const auto reply = co_await ask_any(*name, *wanted, servers, Clock::now() + wait);
  if (reply.message) {
    for (const auto& record : reply.message->answers) {
      if (record.type == *wanted) out.values.push_back(record.data);
    }
  }
  if (out.values.empty()) {
    Named why = failed(host, reply);
    out.failure = why.failure;
    out.because = std::move(why.because);
  }
  std::ranges::sort(out.values);
  co_return out;
}

net::Task<Zone> Names::zone_of(std::string host, std::optional<Endpoint> resolver) {
  Zone out;
  const auto name = codec::dns_name(host);
  if (!name || IpAddress::parse(host)) co_return out;
  const auto servers = servers_for(resolver);
  std::string zone = *name;
  for (int up = 0; up < limits::kWatchZoneSteps && zone != "."; ++up) {
    const auto reply =
        co_await ask_any(zone, DnsType::ns, servers, Clock::now() + limits::kDnsWait);
    if (reply.message) {
      for (const auto& record : reply.message->answers) {
        if (record.type == DnsType::ns) out.name_servers.push_back(record.target);
      }
    }
    if (!out.name_servers.empty()) {
      out.name = std::move(zone);
      break;
    }
    zone = codec::dns_parent(zone);
  }
  std::ranges::sort(out.name_servers);
  co_return out;
}

void Names::forget() {
  for (auto& [key, slot] : slots_) slot.named.until = Instant{};
}

}  // namespace causeway::watch
