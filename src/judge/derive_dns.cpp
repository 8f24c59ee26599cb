// Comparisons of DNS answers: the resolver, the zone's own servers, a control name.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.hpp"
#include "judge/comparisons.hpp"

namespace causeway::judge {
namespace {

using model::Kind;
using Addresses = std::set<std::string>;

std::string_view bare(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

bool same_name(std::string_view a, std::string_view b) {
  return equals_ignoring_case(bare(a), bare(b));
}

bool asks_for_address(const model::Observation& dns) {
  return dns.text("type") == "A" || dns.text("type") == "AAAA";
}

// What one answer says, from the most to the least telling; the order of kWords.
constexpr std::array<std::string_view, 12> kWords{
    "address", "alias-loop", "alias",     "nxdomain",   "servfail",    "refused",
    "lame",    "nodata",     "malformed", "tcp-failed", "unreachable", "silent"};

std::string_view said(const model::Observation& dns) {
  const auto outcome = dns.text("outcome");
  if (outcome == "timeout") return "silent";
  if (outcome == "refused" || outcome == "unreachable" || outcome == "local") return "unreachable";
  if (outcome == "malformed" || outcome == "tcp-failed") return outcome;
  const auto rcode = dns.text("rcode");
  if (dns.boolean("alias_loop")) return "alias-loop";
  if (rcode == "SERVFAIL" || rcode == "FORMERR" || rcode == "NOTIMP") return "servfail";
  constexpr int kNotAuth = 9;  // RFC 2136 section 2.2: "not authoritative for zone"
  if (rcode == "REFUSED" || dns.integer("rcode_code") == kNotAuth) return "refused";
  if (rcode == "NXDOMAIN") return "nxdomain";
  if (!dns.texts("addresses").empty()) return "address";
  if (dns.texts("aliases").size() > 1) return "alias";
  if (rcode == "other") return "servfail";
  return dns.boolean("authoritative") ? "nodata" : "lame";
}

struct Server {
  std::string_view word;  // best of its answers
  Addresses addresses;
  std::int64_t serial = -1;
  std::int64_t ttl = -1;
  std::vector<Seen> from;

  bool answers() const {
    return word != "silent" && word != "unreachable" && word != "malformed" && word != "tcp-failed";
  }
};

void add_answer(Server& server, Seen seen) {
  const auto rank = [](std::string_view word) {
    return std::ranges::find(kWords, word) - kWords.begin();
  };
  const auto word = said(*seen);
  if (server.word.empty() || rank(word) < rank(server.word)) server.word = word;
  for (const auto& address : seen->texts("addresses")) server.addresses.insert(address);
  if (seen->has("ttl") && !seen->texts("addresses").empty()) server.ttl = seen->integer("ttl");
  server.from.push_back(seen);
}

using Servers = std::map<std::string, Server>;

Servers asked(const Scene& scene, std::string_view role) {
  Servers out;
  const auto host = scene.host();
  for (const Seen seen : scene.of(Kind::dns)) {
    if (!scene.ours(*seen) || seen->text("role") != role) continue;
    if (seen->boolean("checking_disabled")) continue;
    auto& server = out[std::string{seen->text("server")}];
    if (seen->text("type") == "SOA" && seen->has("serial")) {
      server.serial = seen->integer("serial");
      server.from.push_back(seen);
    } else if (asks_for_address(*seen) && same_name(seen->text("name"), host)) {
      add_answer(server, seen);
    }
  }
  std::erase_if(out, [](const auto& entry) { return entry.second.word.empty(); });
  return out;
}

std::vector<Seen> all_of(const Servers& servers) {
  std::vector<Seen> out;
  for (const auto& [name, server] : servers) {
    out.insert(out.end(), server.from.begin(), server.from.end());
  }
  return out;
}

std::string listed(const Servers& servers) {
  std::vector<std::string> parts;
  for (const auto& [name, server] : servers) {
    std::string what{server.word};
    if (!server.addresses.empty()) {
      what = join({server.addresses.begin(), server.addresses.end()}, " ");
    }
    if (server.serial >= 0) what += fmt::format(" (serial {})", server.serial);
    parts.push_back(fmt::format("{}: {}", name, what));
  }
  return join(parts, "; ");
}

void compare_authorities(Comparisons& out, const Servers& servers) {
  if (servers.empty()) return;
  std::set<std::string_view> words;
  std::size_t answering = 0;
  for (const auto& [name, server] : servers) {
    if (server.answers()) ++answering;
  }
  for (const auto& [name, server] : servers) {
    if (server.answers() || answering == 0) words.insert(server.word);
  }
  const bool all_mute = answering == 0 && words.size() > 1;
  const std::string_view result = all_mute ? "silent" : words.size() > 1 ? "mixed" : *words.begin();
  out.add("authority-answers", result, {}, listed(servers), all_of(servers));
  const std::string_view health = answering == servers.size() ? "all"
                                  : answering > 0             ? "some"
                                                              : "none";
  out.add("authority-health", health, {}, listed(servers), all_of(servers));
}

// Different answers with one serial are what a load balancer or a geographic service gives on
// purpose; with different serials, one server missed an update.
void compare_nameservers(Comparisons& out, const Servers& servers) {
  std::set<Addresses> sets;
  std::set<std::string_view> words;
  std::set<std::int64_t> serials;
  std::size_t answering = 0;
  for (const auto& [name, server] : servers) {
    if (!server.answers()) continue;
    ++answering;
    sets.insert(server.addresses);
    words.insert(server.word);
    serials.insert(server.serial);
  }
  if (answering < 2) return;
  std::string_view result = "agree";
  if (sets.size() > 1 || words.size() > 1) {
    result = serials.size() > 1 || words.size() > 1 ? "disagree" : "vary";
  }
  out.add("nameservers", result, {}, listed(servers), all_of(servers));
}

void compare_resolver(Comparisons& out, const Servers& resolvers, const Servers& authorities) {
  if (resolvers.empty()) return;
  Addresses here;
  std::int64_t here_ttl = -1;
  std::string_view word;
  for (const auto& [name, server] : resolvers) {
    here.insert(server.addresses.begin(), server.addresses.end());
    here_ttl = std::max(here_ttl, server.ttl);
    if (word.empty() || server.answers()) word = server.word;
  }
  Addresses there;
  std::int64_t there_ttl = -1;
  bool denied = false;
  bool heard = false;
  for (const auto& [name, server] : authorities) {
    there.insert(server.addresses.begin(), server.addresses.end());
    there_ttl = std::max(there_ttl, server.ttl);
    denied = denied || server.word == "nxdomain" || server.word == "nodata";
    heard = heard || server.answers();
  }
  if (authorities.empty()) return;
  std::string_view result;
  const bool shared =
      std::ranges::any_of(here, [&](const std::string& one) { return there.contains(one); });
  if (!here.empty() && !there.empty()) {
    const bool aged = here_ttl >= 0 && there_ttl >= 0 && here_ttl != there_ttl;
    result = shared ? "same" : aged ? "stale-cache" : "differs";
  } else if (!here.empty() && denied) {
    result = "stale-cache";
  } else if (here.empty() && !there.empty()) {
    const bool denies = word == "nxdomain" || word == "nodata" || word == "lame";
    result = denies ? "resolver-denies" : "resolver-fails";
  } else if (here.empty() && there.empty()) {
    const bool same = heard && denied && (word == "nxdomain" || word == "lame" || word == "nodata");
    result = same ? "same" : "both-fail";
  }
  if (result.empty()) return;
  auto from = all_of(resolvers);
  const auto more = all_of(authorities);
  from.insert(from.end(), more.begin(), more.end());
  out.add("resolver-vs-authority", result, {},
          fmt::format("resolver {}; authorities {}", listed(resolvers), listed(authorities)), from);
}

void compare_control(Comparisons& out) {
  std::vector<Seen> works;
  std::vector<Seen> refuses;
  std::vector<Seen> fails;
  for (const Seen seen : out.scene().of(Kind::dns)) {
    if (!out.scene().ours(*seen) || seen->text("role") != "control") continue;
    // Whatever it says, a resolver that says it is alive.
    const bool silent = seen->text("outcome") != "answered" &&
                        seen->text("outcome") != "malformed" &&
                        seen->text("outcome") != "tcp-failed";
    (silent ? fails : seen->text("rcode") == "REFUSED" ? refuses : works).push_back(seen);
  }
  if (!works.empty()) {
    out.add("control", "works", {}, {}, works);
  } else if (!refuses.empty()) {
    out.add("control", "refuses", {}, {}, refuses);
  } else if (!fails.empty()) {
    out.add("control", "fails", {}, {}, fails);
  }
}

void compare_alias(Comparisons& out) {
  for (const Seen seen : out.scene().of(Kind::dns)) {
    const auto& chain = seen->texts("aliases");
    if (!out.scene().ours(*seen) || !asks_for_address(*seen)) continue;
    if (seen->text("role") == "control" || seen->text("outcome") != "answered") continue;
    std::string_view result;
    if (seen->boolean("alias_loop"))
      result = "loop";
    else if (chain.size() > 1 && seen->text("rcode") == "NXDOMAIN")
      result = "dangling";
    else if (chain.size() > 1 && seen->texts("addresses").empty() &&
             seen->text("rcode") == "NOERROR" && seen->text("role") == "resolver" &&
             seen->text("type") == "A")
      result = "leads-nowhere";
    if (result.empty()) continue;
    out.add("alias", result, {}, join(chain, " -> "), {seen});
    return;
  }
}

void compare_details(Comparisons& out) {
  Seen cut = nullptr;
  Seen whole = nullptr;
  Seen failed = nullptr;
  Seen unchecked = nullptr;
  for (const Seen seen : out.scene().of(Kind::dns)) {
    if (!out.scene().ours(*seen) || seen->text("role") == "control") continue;
    const bool tcp = seen->text("transport") == "tcp";
    if (seen->boolean("truncated") && !tcp) cut = seen;
    if (tcp && seen->text("outcome") == "answered") whole = seen;
    if (seen->text("outcome") == "tcp-failed") cut = seen, whole = nullptr;
    if (seen->text("role") != "resolver" || !asks_for_address(*seen)) continue;
    if (seen->boolean("checking_disabled"))
      unchecked = seen;
    else if (seen->text("rcode") == "SERVFAIL")
      failed = seen;
  }
  if (cut != nullptr) {
    const bool blocked = whole == nullptr || cut->text("outcome") == "tcp-failed";
    out.add("dns-tcp", blocked ? "blocked" : "ok", {}, {}, {cut, whole});
  }
  if (failed != nullptr && unchecked != nullptr) {
    const bool helps = unchecked->text("rcode") == "NOERROR";
    out.add("checking-disabled", helps ? "helps" : "same", {}, {}, {failed, unchecked});
  }
}

// The SOA in a denial tells which zone denies (RFC 2308 section 2.1): the domain's own, for a name
// that is missing in it, or one above, for a domain that is not delegated.
bool denied_by_parent(const Scene& scene, const model::Observation& denial) {
  if (denial.text("role") != "resolver" || denial.texts("aliases").size() > 1) return false;
  if (!same_name(denial.text("name"), scene.host())) return false;
  std::string zone;
  bool walked = false;
  for (const Seen seen : scene.of(Kind::delegation)) {
    if (!scene.ours(*seen)) continue;
    zone = bare(seen->text("zone"));
    walked = seen->text("source") == "walk";
  }
  for (const std::string_view record : denial.texts("records")) {
    if (!record.contains(" SOA ")) continue;
    const auto owner = bare(record.substr(0, record.find(' ')));
    // The root or a top-level domain, unless that is the name's own zone.
    if (zone.empty() || walked) return !owner.contains('.');
    const bool above =
        owner.empty() ||
        (zone.size() > owner.size() + 1 &&
         equals_ignoring_case(std::string_view{zone}.substr(zone.size() - owner.size()), owner));
    return above;
  }
  return false;
}

void compare_domain(Comparisons& out) {
  constexpr std::array kParked{"expire", "suspend", "renewal", "parking", "pending", "onhold"};
  for (const Seen seen : out.scene().of(Kind::delegation)) {
    if (!out.scene().ours(*seen)) continue;
    for (const auto& server : seen->texts("servers")) {
      if (std::ranges::any_of(kParked, [&](std::string_view word) {
            return contains_ignoring_case(server, word);
          })) {
        out.add("domain", "expired", {}, join(seen->texts("servers"), ", "), {seen});
        return;
      }
    }
  }
  for (const Seen seen : out.scene().of(Kind::dns)) {
    if (!out.scene().ours(*seen) || seen->text("rcode") != "NXDOMAIN") continue;
    const bool parent = seen->text("role") == "parent" || denied_by_parent(out.scene(), *seen);
    if (!parent) continue;
    out.add("domain", "unregistered", {}, std::string{seen->text("name")}, {seen});
    return;
  }
}

}  // namespace

void compare_names(Comparisons& out) {
  const Servers resolvers = asked(out.scene(), "resolver");
  const Servers authorities = asked(out.scene(), "authority");
  compare_authorities(out, authorities);
  compare_nameservers(out, authorities);
  compare_resolver(out, resolvers, authorities);
  compare_control(out);
  compare_alias(out);
  compare_details(out);
  compare_domain(out);
}

}  // namespace causeway::judge
