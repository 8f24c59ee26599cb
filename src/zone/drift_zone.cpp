// Drift of the zone as a whole: leaks, name servers, signatures, registration, settings, TTLs.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "zone/drift_rules.hpp"

namespace causeway::zone {
namespace {

constexpr double kDayMs = 86'400'000.0;
constexpr double kSignatureDays = 3;
constexpr double kRegistrationDays = 30;
constexpr double kRegistrationDaysBad = 7;
constexpr std::uint32_t kLongTtl = 3600;  // an hour in which an address cannot be corrected
constexpr std::uint32_t kVeryLongTtl = 86'400;

double days_until(WallTime from, WallTime until) {
  return static_cast<double>((until - from).count()) / kDayMs;
}

bool is_proxied(const Record& record) { return record.proxied.value_or(false); }

Finding finding(std::string id, Severity severity, std::string name, std::string sentence,
                std::string advice) {
  return {.id = std::move(id),
          .severity = severity,
          .name = std::move(name),
          .sentence = std::move(sentence),
          .evidence = {},
          .advice = std::move(advice),
          .fix = {}};
}

// Addresses that the edge hides: those of proxied records.
std::map<std::string, std::string> hidden_addresses(const Snapshot& now) {
  std::map<std::string, std::string> out;
  for (const auto& record : now.records) {
    const auto address = record.address();
    if (is_proxied(record) && address) out.emplace(address->text(), record.name);
  }
  return out;
}

void find_leak_by_address(const ZoneView& view, const Record& record,
                          const std::map<std::string, std::string>& hidden,
                          std::vector<Finding>& out) {
  const auto address = record.address();
  if (!address || is_proxied(record) || !hidden.contains(address->text())) return;
  const bool mail = std::ranges::any_of(view.now.records, [&](const Record& other) {
    return other.type == "MX" && other.content == record.name;
  });
  Finding leak = finding(
      "zone.leak", Severity::warning, record.name,
      fmt::format("{} is not proxied and shows {}, the address the edge hides for {}", record.name,
                  address->text(), hidden.at(address->text())),
      mail ? "mail cannot pass the proxy: give it an address of its own, then change the origin's"
           : "proxy it, or give it another address; once seen, an address is best changed");
  leak.evidence = {text_of(record)};
  if (!mail && record.proxied) {
    std::vector<std::string> contents;
    for (const auto& other : view.now.records) {
      if (other.name == record.name && other.type == record.type) {
        contents.push_back(other.content);
      }
    }
    leak.fix = Wish{.name = record.name,
                    .type = record.type,
                    .contents = std::move(contents),
                    .ttl = {},
                    .proxied = true,
                    .priority = {}};
  }
  out.push_back(std::move(leak));
}

void find_leak_by_text(const Record& record, const std::map<std::string, std::string>& hidden,
                       std::vector<Finding>& out) {
  if (record.type != "TXT") return;
  const std::string content = canonical_content("TXT", record.content);
  for (const auto word : split(content, ' ')) {
    if (!word.starts_with("ip4:") && !word.starts_with("ip6:")) continue;
    const auto found = hidden.find(std::string{word.substr(4)});
    if (found == hidden.end()) continue;
    Finding leak = finding("zone.leak", Severity::warning, record.name,
                           fmt::format("The SPF record names {}, the address the edge hides for {}",
                                       found->first, found->second),
                           "send mail from another address, and take this one out of the record");
    leak.evidence = {text_of(record)};
    out.push_back(std::move(leak));
  }
}

void find_lame(const ZoneView& view, std::vector<Finding>& out) {
  for (const auto& server : view.now.servers) {
    if (server.outcome == "answered") continue;
    const std::string who =
        server.name.empty() && server.address ? server.address->text() : server.name;
    const std::string where = server.address ? server.address->text() : std::string{"no address"};
    const bool lame = server.outcome == "not-authoritative" || server.outcome == "refused";
    Finding dead = finding(lame ? "dns.lame-delegation" : "dns.auth-unreachable", Severity::warning,
                           view.now.zone,
                           fmt::format("The name server {} does not answer for the zone ({}: {})",
                                       who, where, server.outcome),
                           "mend it, or take it out of the delegation at the registrar");
    out.push_back(std::move(dead));
  }
}

void find_disagreement(const ZoneView& view, std::vector<Finding>& out) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> sets;
  for (const auto& server : view.now.servers) {
    for (const auto& answers : server.differs) {
      const std::string who =
          server.name.empty() && server.address ? server.address->text() : server.name;
      sets[{answers.name, answers.type}].push_back(fmt::format(
          "{} says: {}", who, answers.contents.empty() ? "none" : join(answers.contents, ", ")));
    }
  }
  for (auto& [key, evidence] : sets) {
    const auto most = contents_of(view.now.records, key.first, key.second);
    Finding split =
        finding("dns.nameservers-disagree", Severity::bad, key.first,
                fmt::format("{} of {} name servers answer otherwise for {} {}", evidence.size(),
                            view.now.servers.size(), key.first, key.second),
                "load the same zone on all: compare serials, look at transfers between primary and "
                "secondaries; visitors get either answer by chance");
    split.evidence = std::move(evidence);
    split.evidence.insert(
        split.evidence.begin(),
        fmt::format("{} says: {}", view.now.provider ? "the provider's record" : "most servers",
                    most.empty() ? "none" : join(most, ", ")));
    out.push_back(std::move(split));
  }
}

void find_serials(const ZoneView& view, std::vector<Finding>& out) {
  std::set<std::uint32_t> serials;
  std::vector<std::string> evidence;
  for (const auto& server : view.now.servers) {
    if (!server.serial) continue;
    serials.insert(*server.serial);
    evidence.push_back(fmt::format(
        "{}: {}", server.name.empty() ? server.address->text() : server.name, *server.serial));
  }
  const bool told = std::ranges::any_of(
      view.now.servers, [](const ServerState& server) { return !server.differs.empty(); });
  if (serials.size() < 2 || told) return;
  Finding old =
      finding("zone.serials-differ", Severity::advice, view.now.zone,
              "The name servers hold different versions of the zone, with the same answers",
              "right after a change this is usual; if it stays, look at the transfers");
  old.evidence = std::move(evidence);
  out.push_back(std::move(old));
}

void find_in_provider(const ZoneView& view, std::vector<Finding>& out) {
  if (!view.now.provider) return;
  const ProviderState& provider = *view.now.provider;
  if (provider.paused) {
    out.push_back(finding("zone.paused", Severity::warning, view.now.zone,
                          "The zone is paused: nothing is proxied, and every origin address shows",
                          fmt::format("causeway dns resume {}", view.now.zone)));
  }
  if (!provider.status.empty() && provider.status != "active") {
    out.push_back(
        finding("zone.not-active", Severity::bad, view.now.zone,
                fmt::format("The provider calls the zone '{}': its records have no effect "
                            "yet",
                            provider.status),
                fmt::format("delegate the domain to {} at the registrar",
                            join(provider.name_servers, " and "))));
  }
  const auto ssl = provider.settings.find("ssl");
  if (ssl != provider.settings.end() && (ssl->second == "off" || ssl->second == "flexible")) {
    out.push_back(
        finding("zone.ssl-mode", Severity::warning, view.now.zone,
                fmt::format("Encryption mode '{}': the edge speaks plain HTTP to the origin; "
                            "an origin that redirects to https then loops",
                            ssl->second),
                "give the origin a certificate and use 'strict'"));
  }
  std::set<std::string> wanted;
  std::set<std::string> serving;
  for (const auto& server : provider.name_servers) wanted.insert(lower(server));
  for (const auto& server : view.now.servers) {
    if (!server.name.empty()) serving.insert(lower(server.name));
  }
  if (wanted.empty() || serving.empty() || wanted == serving) return;
  Finding other = finding("zone.delegation", Severity::bad, view.now.zone,
                          "The domain is delegated to other name servers than the provider's",
                          "correct the name servers at the registrar: until then the provider's "
                          "records reach only a part of the visitors, or none");
  other.evidence = {
      fmt::format("delegated to {}", join({serving.begin(), serving.end()}, ", ")),
      fmt::format("the provider serves from {}", join({wanted.begin(), wanted.end()}, ", "))};
  out.push_back(std::move(other));
}

void find_in_signatures(const ZoneView& view, std::vector<Finding>& out) {
  if (!view.dnssec) return;
  const DnssecView& dnssec = *view.dnssec;
  if (dnssec.bogus) {
    out.push_back(
        finding("dns.dnssec-bogus", Severity::bad, view.now.zone,
                "Validating resolvers refuse the zone: its signatures do not fit",
                dnssec.has_ds && !dnssec.has_key
                    ? "the parent has a DS record and the zone serves no key: remove the DS "
                      "at the registrar"
                    : "sign the zone anew, and compare the DS at the registrar with its "
                      "keys"));
  } else if (dnssec.has_key && !dnssec.has_ds) {
    out.push_back(finding("zone.dnssec-unused", Severity::advice, view.now.zone,
                          "The zone is signed, and the parent has no DS record: nobody checks it",
                          "add the DS record at the registrar"));
  }
  if (!dnssec.signatures_end || !dnssec.has_ds) return;
  const double days = days_until(view.now.taken, *dnssec.signatures_end);
  if (days < kSignatureDays) {
    out.push_back(finding("zone.signatures-end", days < 0 ? Severity::bad : Severity::warning,
                          view.now.zone,
                          fmt::format("The zone's signatures {} {}", days < 0 ? "ended" : "end",
                                      rfc3339(*dnssec.signatures_end)),
                          "see why the signer does not renew them"));
  }
}

void find_in_registry(const ZoneView& view, std::vector<Finding>& out) {
  if (!view.registry) return;
  if (view.registry->expires) {
    const double days = days_until(view.now.taken, *view.registry->expires);
    if (days < kRegistrationDays) {
      Finding ends =
          finding("dns.expired-domain",
                  days < kRegistrationDaysBad ? Severity::bad : Severity::warning, view.now.zone,
                  fmt::format("The domain's registration {} {} ({:.0f} days)",
                              days < 0 ? "ended" : "ends", rfc3339(*view.registry->expires), days),
                  "renew it at the registrar");
      ends.evidence = {view.registry->source};
      out.push_back(std::move(ends));
    }
  }
  for (const auto& status : view.registry->status) {
    if (!reach::holds_back(status)) continue;
    Finding hold =
        finding("dns.expired-domain", Severity::bad, view.now.zone,
                fmt::format("The registry has taken the domain out of DNS ('{}')", status),
                "ask the registrar why: unpaid, unverified contact, or a dispute");
    hold.evidence = {view.registry->source};
    out.push_back(std::move(hold));
  }
}

void find_in_ttls(const ZoneView& view, std::vector<Finding>& out) {
  std::map<std::pair<std::string, std::string>, std::set<std::uint32_t>> sets;
  for (const auto& record : view.now.records) {
    if (is_proxied(record)) continue;
    const bool moves = record.is_address() || record.type == "CNAME";
    if (moves || record.type == "MX") sets[{record.name, record.type}].insert(record.ttl);
  }
  for (const auto& [key, ttls] : sets) {
    if (ttls.size() > 1) {
      out.push_back(
          finding("zone.ttl-mixed", Severity::advice, key.first,
                  fmt::format("The {} records have different TTLs: resolvers may keep a part "
                              "of them",
                              key.second),
                  "give them one TTL (RFC 2181 section 5.2)"));
    }
    const std::uint32_t ttl = *ttls.rbegin();
    if (ttl <= kLongTtl || key.second == "MX") continue;
    out.push_back(finding(
        "zone.ttl-long", ttl >= kVeryLongTtl ? Severity::warning : Severity::advice, key.first,
        fmt::format("TTL {} s of {}: a wrong address stays with visitors for {:.1f} hours", ttl,
                    key.second, static_cast<double>(ttl) / kLongTtl),
        "300 s is enough for what may have to move; lower it a day before a migration"));
  }
}

}  // namespace

void find_leaks(const ZoneView& view, std::vector<Finding>& out) {
  const auto hidden = hidden_addresses(view.now);
  if (hidden.empty()) return;
  std::map<std::string, std::pair<bool, bool>> sides;  // name: has proxied, has unproxied
  for (const auto& record : view.now.records) {
    find_leak_by_address(view, record, hidden, out);
    find_leak_by_text(record, hidden, out);
    if (!record.is_address() || !record.proxied) continue;
    auto& [proxied, open] = sides[record.name];
    (*record.proxied ? proxied : open) = true;
  }
  for (const auto& [name, side] : sides) {
    if (!side.first || !side.second) continue;
    out.push_back(
        finding("zone.proxied-mixed", Severity::advice, name,
                "Some address records are proxied and some are not: the edge treats all as "
                "proxied",
                "say the same on all of them"));
  }
}

void find_in_servers(const ZoneView& view, std::vector<Finding>& out) {
  find_lame(view, out);
  find_disagreement(view, out);
  find_serials(view, out);
}

void find_in_zone(const ZoneView& view, std::vector<Finding>& out) {
  find_in_provider(view, out);
  find_in_signatures(view, out);
  find_in_registry(view, out);
  find_in_ttls(view, out);
}

void find_changes(const ZoneView& view, std::vector<Finding>& out) {
  if (!view.before) return;
  // Records that are served and records that are kept are not the same kind of list.
  if (view.before->source != view.now.source) return;
  const Diff changed = diff(*view.before, view.now);
  const std::string since = fmt::format("since {}", rfc3339(view.before->taken));
  const bool whole = view.before->complete && view.now.complete;
  for (const auto& change : changed.records) {
    if (change.either().type == "SOA") continue;
    if (!whole && (!change.before || !change.after)) continue;  // perhaps only not asked for
    out.push_back({.id = "zone.changed",
                   .severity = Severity::warning,
                   .name = change.either().name,
                   .sentence = fmt::format("Changed {}: {}", since, text_of(change)),
                   .evidence = {},
                   .advice = "if this was meant, 'causeway dns snapshot' makes it the documented "
                             "state",
                   .fix = {}});
  }
  for (const auto& state : changed.states) {
    if (state.what == "serial") continue;
    out.push_back({.id = "zone.changed",
                   .severity = Severity::warning,
                   .name = view.now.zone,
                   .sentence = fmt::format("Changed {}: {} was '{}', is '{}'", since, state.what,
                                           state.before, state.after),
                   .evidence = {},
                   .advice = {},
                   .fix = {}});
  }
}

}  // namespace causeway::zone
