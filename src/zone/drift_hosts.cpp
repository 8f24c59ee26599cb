// Drift of single hosts: addresses that do not serve, or serve another; aliases that lead nowhere.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "zone/drift_rules.hpp"

namespace causeway::zone {
namespace {

using model::FailureId;

// Where a name can be claimed by a stranger once its holder has let it go. Markers are the
// sentences these services put on the page of something that nobody holds.
constexpr std::array kServices{
    Service{".github.io", "GitHub Pages", "There isn't a GitHub Pages site here"},
    Service{".gitlab.io", "GitLab Pages", ""},
    Service{".herokuapp.com", "Heroku", "No such app"},
    Service{".herokudns.com", "Heroku", "No such app"},
    Service{".azurewebsites.net", "Azure App Service", ""},
    Service{".cloudapp.net", "Azure", ""},
    Service{".cloudapp.azure.com", "Azure", ""},
    Service{".trafficmanager.net", "Azure Traffic Manager", ""},
    Service{".blob.core.windows.net", "Azure Storage", ""},
    Service{".azureedge.net", "Azure CDN", ""},
    Service{".s3.amazonaws.com", "Amazon S3", "NoSuchBucket"},
    Service{".elasticbeanstalk.com", "AWS Elastic Beanstalk", ""},
    Service{".netlify.app", "Netlify", "Not Found - Request ID"},
    Service{".vercel.app", "Vercel", "DEPLOYMENT_NOT_FOUND"},
    Service{".pages.dev", "Cloudflare Pages", ""},
    Service{".fastly.net", "Fastly", "Fastly error: unknown domain"},
    Service{".myshopify.com", "Shopify", "Sorry, this shop is currently unavailable"},
    Service{".surge.sh", "Surge", "project not found"},
    Service{".readthedocs.io", "Read the Docs", ""},
    Service{".wordpress.com", "WordPress.com", "Do you want to register"},
    Service{".zendesk.com", "Zendesk", "Help Center Closed"},
    Service{".ghost.io", "Ghost", ""},
};

bool is_known(const HostView& host, const IpAddress& address) {
  return std::ranges::any_of(host.known,
                             [&](const AddressView& seen) { return seen.address == address; });
}

std::string told(const AddressView& seen) {
  if (seen.failure) {
    return fmt::format("{}: {}{}", seen.address.text(), model::name(*seen.failure),
                       seen.because.empty() ? "" : " (" + seen.because + ")");
  }
  std::string out = fmt::format("{}: answers with status {}", seen.address.text(), seen.status);
  if (seen.has_certificate) {
    out += seen.certificate_fits ? ", its certificate is for the name"
                                 : ", its certificate is for other names";
  }
  if (!seen.page.empty() && seen.page != "none") out += ", page: " + seen.page;
  return out;
}

std::string command_for(const HostView& host, const AddressView& seen) {
  return fmt::format("causeway diagnose {} --origin {}", host.name, seen.address.text());
}

// One address record of a host, with everything it is to be judged beside.
struct Judging {
  const ZoneView& view;
  const HostView& host;
  const AddressView& seen;
  std::vector<Finding>& out;

  std::string type() const { return seen.address.is_v4() ? "A" : "AAAA"; }
  bool has_record() const;  // of its own: an alias' addresses are another name's affair
  std::vector<std::string> others(bool serving) const;
  std::vector<std::string> known_serving() const;
  void add(std::string id, Severity severity, std::string sentence, std::optional<Wish> fix,
           std::string advice = {}) const;
  Wish wish(std::vector<std::string> contents) const;
};

bool Judging::has_record() const {
  return std::ranges::any_of(view.now.records, [&](const Record& record) {
    return record.name == host.name && record.address() == seen.address;
  });
}

// The other addresses of the same type that the name's records hold; all, or those that answer.
std::vector<std::string> Judging::others(bool serving) const {
  std::vector<std::string> texts;
  for (const auto& other : host.addresses) {
    if (other.address == seen.address || other.address.is_v4() != seen.address.is_v4()) continue;
    if (!serving || other.answers) texts.push_back(other.address.text());
  }
  return texts;
}

std::vector<std::string> Judging::known_serving() const {
  std::vector<std::string> texts;
  for (const auto& known : host.known) {
    if (known.serves_host() && known.address.is_v4() == seen.address.is_v4()) {
      texts.push_back(known.address.text());
    }
  }
  return texts;
}

Wish Judging::wish(std::vector<std::string> contents) const {
  return {.name = host.name,
          .type = type(),
          .contents = std::move(contents),
          .ttl = {},
          .proxied = {},
          .priority = {}};
}

void Judging::add(std::string id, Severity severity, std::string sentence, std::optional<Wish> fix,
                  std::string advice) const {
  Finding finding{.id = std::move(id),
                  .severity = severity,
                  .name = host.name,
                  .sentence = std::move(sentence),
                  .evidence = {told(seen)},
                  .advice = std::move(advice),
                  .fix = has_record() ? std::move(fix) : std::nullopt};
  for (const auto& other : host.addresses) {
    if (other.address != seen.address) finding.evidence.push_back(told(other));
  }
  for (const auto& known : host.known) {
    if (known.address != seen.address) finding.evidence.push_back("known " + told(known));
  }
  out.push_back(std::move(finding));
}

std::vector<std::string> merged(std::vector<std::string> a, const std::vector<std::string>& b) {
  for (const auto& text : b) {
    if (std::ranges::count(a, text) == 0) a.push_back(text);
  }
  return a;
}

bool any_answers(const HostView& host, const AddressView& but) {
  return std::ranges::any_of(host.addresses, [&](const AddressView& seen) {
    return seen.address != but.address && seen.answers;
  });
}

bool any_known_serves(const HostView& host) {
  return std::ranges::any_of(host.known,
                             [](const AddressView& seen) { return seen.serves_host(); });
}

// An address that gives no answer.
void judge_dead(const Judging& at) {
  const std::string record = fmt::format("{} record {}", at.type(), at.seen.address.text());
  if (is_known(at.host, at.seen.address)) {
    at.add("zone.origin-fails", Severity::bad,
           fmt::format("The {} is right, and the origin behind it gives no answer", record), {},
           fmt::format("find out why: {}", command_for(at.host, at.seen)));
    return;
  }
  const bool v4 = at.seen.address.is_v4();
  const std::string stale = v4 ? "dns.stale-a-record" : "dns.stale-aaaa-record";
  if (any_known_serves(at.host)) {
    const auto known = at.known_serving();
    const bool to_known = !known.empty();
    at.add(stale, Severity::bad,
           to_known
               ? fmt::format("The {} leads to a dead address; the site is at {}", record,
                             join(known, " and "))
               : fmt::format("The {} leads to a dead address, and the origin has no {} address",
                             record, v4 ? "IPv4" : "IPv6"),
           at.wish(merged(at.others(true), known)));
    return;
  }
  if (any_answers(at.host, at.seen)) {
    const bool alone = at.others(false).empty();
    at.add(!v4 && alone ? stale : "dns.one-of-many-dead", Severity::bad,
           fmt::format("The {} leads to a dead address, while the name's other addresses answer",
                       record),
           at.wish(at.others(true)));
    return;
  }
  at.add(
      "zone.unreachable", Severity::bad,
      fmt::format("The {} gives no answer, and so does every other address of the name", record),
      {},
      fmt::format("whether the record is old or the origin is down cannot be told from DNS; give "
                  "--known-address ADDR where you know it, and run: {}",
                  command_for(at.host, at.seen)));
}

// An address that answers: for this host?
void judge_answering(const Judging& at) {
  if (at.host.known.empty() || is_known(at.host, at.seen.address)) return;
  if (!any_known_serves(at.host)) return;
  const std::string record = fmt::format("{} record {}", at.type(), at.seen.address.text());
  const auto known = at.known_serving();
  if (!at.seen.serves_host() && !known.empty()) {
    at.add("dns.wrong-target", Severity::bad,
           fmt::format("The {} leads to a server that does not serve this name; {} does", record,
                       join(known, " and ")),
           at.wish(merged(at.others(true), known)));
    return;
  }
  const bool same = std::ranges::any_of(at.host.known, [&](const AddressView& seen) {
    return seen.serves_host() && !seen.body_hash.empty() && seen.body_hash == at.seen.body_hash;
  });
  if (same) return;
  at.add(
      "zone.other-content", Severity::warning,
      fmt::format("The {} answers with another page than the known address", record), {},
      "compare both: is it an old copy of the site? 'causeway plan OLD NEW' shows the difference");
}

// The aliases of the zone itself from `name` on, when they lead in a circle; resolvers say only
// SERVFAIL then.
std::vector<std::string> circle_of(const Snapshot& snapshot, const std::string& name) {
  std::vector<std::string> chain{name};
  while (chain.size() <= static_cast<std::size_t>(limits::kDnsAliasDepth)) {
    const auto next = std::ranges::find_if(snapshot.records, [&](const Record& record) {
      return record.type == "CNAME" && record.name == chain.back();
    });
    if (next == snapshot.records.end()) return {};
    const std::string target = canonical_content("CNAME", next->content);
    const bool seen = std::ranges::count(chain, target) > 0;
    chain.push_back(target);
    if (seen) return chain;
  }
  return {};
}

}  // namespace

const Service* claimable_service(std::string_view target) {
  const auto found = std::ranges::find_if(
      kServices, [&](const Service& service) { return target.ends_with(service.suffix); });
  return found == kServices.end() ? nullptr : &*found;
}

void find_in_addresses(const ZoneView& view, const HostView& host, std::vector<Finding>& out) {
  for (const auto& seen : host.addresses) {
    const Judging at{view, host, seen, out};
    const auto kind = classify(seen.address);
    const bool odd = refused_by_public_edge(kind);
    if (odd && !is_known(host, seen.address)) {
      at.add("dns.private-address", Severity::bad,
             fmt::format("The {} record {} is {}: nobody outside can reach it", at.type(),
                         seen.address.text(), causeway::name(kind)),
             at.known_serving().empty() ? std::nullopt : std::optional{at.wish(at.known_serving())},
             "put the origin's public address there, or use a tunnel");
      continue;
    }
    const bool aliased = host.alias.has_value();
    if (!aliased && view.edge->contains(seen.address)) {
      at.add(
          "dns.points-to-edge", Severity::bad,
          fmt::format("The {} record {} is an address of the edge itself ({}): requests would go "
                      "in a circle",
                      at.type(), seen.address.text(), view.edge->name),
          at.known_serving().empty() ? std::nullopt : std::optional{at.wish(at.known_serving())},
          "put the origin's own address there");
      continue;
    }
    if (seen.says_nothing()) {
      at.add("zone.not-tried", Severity::advice,
             fmt::format("The {} record {} could not be tried from this machine", at.type(),
                         seen.address.text()),
             {}, "try from a machine that has this address family");
      continue;
    }
    if (seen.answers) {
      judge_answering(at);
    } else {
      judge_dead(at);
    }
  }
}

namespace {

Wish without_alias(const HostView& host) {
  return {
      .name = host.name, .type = "CNAME", .contents = {}, .ttl = {}, .proxied = {}, .priority = {}};
}

// What to put in the place of an alias that leads nowhere: where the owner says the site is.
void mend_alias(const HostView& host, Finding& finding) {
  std::vector<std::string> serving;
  for (const auto& known : host.known) {
    if (known.serves_host() && known.address.is_v4()) serving.push_back(known.address.text());
  }
  if (serving.empty()) return;
  finding.advice = fmt::format("the site is at {}: an A record instead", join(serving, " and "));
  finding.fix = Wish{.name = host.name,
                     .type = "A",
                     .contents = std::move(serving),
                     .ttl = {},
                     .proxied = {},
                     .priority = {},
                     .replace = true};
}

Finding lost_alias(const ZoneView& view, const HostView& host, const AliasView& alias) {
  const FailureId failure = *alias.failure;
  const bool loop = failure == FailureId::resolve_alias_loop;
  const bool absent = failure == FailureId::resolve_not_found;
  const bool gone = absent || failure == FailureId::resolve_no_address;
  Finding out{
      .id = loop   ? "dns.cname-loop"
            : gone ? "dns.dangling-cname"
                   : "zone.alias-unresolved",
      .severity = loop || gone ? Severity::bad : Severity::warning,
      .name = host.name,
      .sentence = {},
      .evidence = {fmt::format("{}: {} ({})", alias.target, model::name(failure), alias.because)},
      .advice = {},
      .fix = {}};
  if (loop) {
    out.sentence =
        fmt::format("The CNAME leads in a circle: {} -> {}", host.name, join(alias.chain, " -> "));
    out.advice = "put the origin's address, or a name that has one, there";
  } else if (gone) {
    out.sentence = fmt::format("The CNAME leads to {}, which {}", alias.target,
                               absent ? "does not exist" : "has no address");
    const Service* service = claimable_service(alias.target);
    if (service != nullptr) {
      out.sentence += fmt::format("; whoever claims this name at {} gets the traffic of {}",
                                  service->name, host.name);
    } else if (!codec::dns_within(alias.target, view.now.zone)) {
      out.sentence += "; if its domain can be registered, a stranger can take over the name";
    }
    out.advice = "remove the record, or claim the target again";
    out.fix = without_alias(host);
  } else {
    out.sentence = fmt::format("The CNAME's target {} does not resolve now", alias.target);
    out.advice = fmt::format("find out why: causeway diagnose {}", alias.target);
  }
  if (loop || gone) mend_alias(host, out);
  return out;
}

}  // namespace

void find_in_alias(const ZoneView& view, const HostView& host, std::vector<Finding>& out) {
  if (!host.alias) return;
  AliasView alias = *host.alias;
  if (auto circle = circle_of(view.now, host.name); !circle.empty()) {
    alias.failure = FailureId::resolve_alias_loop;
    if (alias.because.empty()) alias.because = "the zone's own aliases";
    alias.chain.assign(circle.begin() + 1, circle.end());
  }
  if (alias.failure) {
    out.push_back(lost_alias(view, host, alias));
    return;
  }
  const Service* service = claimable_service(alias.target);
  if (service == nullptr || service->marker.empty()) return;
  for (const auto& seen : host.addresses) {
    if (!contains_ignoring_case(seen.title, service->marker)) continue;
    out.push_back({.id = "zone.takeover",
                   .severity = Severity::bad,
                   .name = host.name,
                   .sentence = fmt::format("{} at {} is held by nobody: a stranger can claim {}",
                                           alias.target, service->name, host.name),
                   .evidence = {fmt::format("{} says: {}", seen.address.text(), seen.title)},
                   .advice = "remove the record, or claim the target again",
                   .fix = without_alias(host)});
    return;
  }
}

}  // namespace causeway::zone
