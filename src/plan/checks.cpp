#include "plan/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::plan {
namespace {

constexpr double kCertificateDays = 14;
constexpr std::size_t kPagesShown = 8;

Check check(std::string id, State state, std::string host, std::string sentence) {
  return {.id = std::move(id),
          .state = state,
          .host = std::move(host),
          .sentence = std::move(sentence),
          .evidence = {},
          .fix = {}};
}

std::string how(const EndpointSeen& seen) {
  return fmt::format("{} ({})", seen.endpoint.text(), seen.tls ? "TLS" : "plain HTTP");
}

bool answers_on(const std::vector<EndpointSeen>& all, std::uint16_t port, bool v4) {
  return std::ranges::any_of(all, [&](const EndpointSeen& seen) {
    return seen.endpoint.port == port && seen.endpoint.address.is_v4() == v4 && seen.answers();
  });
}

bool is_certificate_failure(const EndpointSeen& seen) {
  return seen.failure && model::name(*seen.failure).starts_with("cert.");
}

// nginx asks for a certificate with an answer of its own, others end the handshake.
bool demands_certificate(const EndpointSeen& seen) {
  return seen.page == "client-cert-required" ||
         seen.failure == model::FailureId::tls_client_cert_required;
}

bool is_other_page(std::string_view page) {
  return page == "default-page" || page == "parking" || page == "suspended";
}

}  // namespace

void check_reach(const Seen& seen, const HostSeen& host, std::vector<Check>& out) {
  bool all_good = true;
  for (const auto& end : host.after) {
    // Reached; what is wrong is said elsewhere.
    if (is_certificate_failure(end) || demands_certificate(end)) continue;
    if (end.answers()) {
      if (is_other_page(end.page)) {
        auto wrong =
            check("name.virtual-host", State::stop, host.name,
                  fmt::format("{} answers with a {} instead of this site", how(end), end.page));
        wrong.fix = fmt::format("configure a virtual host for {} there", host.name);
        out.push_back(std::move(wrong));
        all_good = false;
      }
      continue;
    }
    all_good = false;
    // The old origin does not serve that way either: nobody misses it, or the edge redirects.
    const bool missed = host.before.empty() || answers_on(host.before, end.endpoint.port, true) ||
                        answers_on(host.before, end.endpoint.port, false);
    const bool needed = end.tls == seen.tls;
    auto wrong = check("reach.port", missed || needed ? State::stop : State::warn, host.name,
                       fmt::format("{} gives no answer: {}", how(end),
                                   end.failure ? model::row(*end.failure).sentence : "none came"));
    if (!end.because.empty()) wrong.evidence.push_back(end.because);
    if (!end.cause.empty())
      wrong.evidence.push_back(fmt::format("{}: {}", end.cause, end.cause_title));
    wrong.fix = end.fix_command.empty() ? end.fix : fmt::format("{}: {}", end.fix, end.fix_command);
    if (wrong.fix.empty()) {
      wrong.fix = fmt::format("find out why: causeway diagnose {}://{}/ --origin {}",
                              end.tls ? "https" : "http", host.name, end.endpoint.text());
    }
    out.push_back(std::move(wrong));
  }
  for (const auto& end : host.after) {
    // It answers, and the diagnosis still found something: loss, a limit, one family.
    if (!end.answers() || end.cause.empty() || end.cause == "none" || demands_certificate(end))
      continue;
    auto doubt =
        check("reach.quality", State::warn, host.name,
              fmt::format("{} answers, and something is wrong: {}", how(end), end.cause_title));
    doubt.evidence.push_back(end.cause);
    doubt.fix = end.fix;
    out.push_back(std::move(doubt));
    all_good = false;
  }
  if (all_good && !host.after.empty()) {
    out.push_back(
        check("reach.port", State::good, host.name,
              fmt::format("answers on {} address{} and port{}", host.after.size(),
                          host.after.size() == 1 ? "" : "es", host.after.size() == 1 ? "" : "s")));
  }
}

// Authenticated origin pulls: a demand that the edge must be set up to meet. True: there is one,
// and pages cannot be compared without the edge's certificate.
bool check_origin_pulls(const Seen& seen, const HostSeen& host, std::vector<Check>& out) {
  std::vector<std::string> demanding;
  for (const auto& end : host.after) {
    if (demands_certificate(end)) demanding.push_back(how(end));
  }
  const bool before = std::ranges::any_of(host.before, demands_certificate);
  if (demanding.empty()) {
    if (!before && seen.origin_pulls != "on") return false;
    auto lost = check("tls.origin-pulls", State::warn, host.name,
                      before ? "the old origin lets in nobody without the edge's certificate, and "
                               "the new one lets in everybody"
                             : "the edge shows the origin a certificate (authenticated origin "
                               "pulls), and the new origin does not ask for it");
    lost.fix =
        "nginx: ssl_verify_client on, with the edge's CA as ssl_client_certificate; Apache: "
        "SSLVerifyClient require";
    out.push_back(std::move(lost));
    return false;
  }
  const bool known = !seen.origin_pulls.empty();
  const bool meets = seen.origin_pulls == "on";
  auto demand =
      check("tls.origin-pulls",
            meets    ? State::good
            : !known ? State::unknown
                     : State::stop,
            host.name,
            meets    ? "the new origin demands the edge's certificate, and the edge shows one"
            : !known ? "the new origin demands a client certificate; whether the edge "
                       "shows one is not known"
                     : "the new origin demands a client certificate, and the edge shows "
                       "none: every request would fail (520, 525 or 400)");
  demand.evidence = std::move(demanding);
  if (!meets) {
    demand.fix = known ? "switch authenticated origin pulls on at the provider (tls_client_auth), "
                         "or the demand "
                         "off at the origin until after the move"
                       : "give the zone's snapshot: causeway dns snapshot ZONE, then --zone ZONE";
  }
  out.push_back(std::move(demand));
  out.push_back(check("content.content", State::unknown, host.name,
                      "pages cannot be compared without the edge's certificate"));
  return true;
}

void check_certificate(const Seen& seen, const HostSeen& host, std::vector<Check>& out) {
  bool any = false;
  bool good = true;
  for (const auto& end : host.after) {
    if (!end.has_certificate) continue;
    any = true;
    if (!end.certificate_failures.empty()) {
      good = false;
      auto wrong = check("tls.certificate", seen.strict ? State::stop : State::warn, host.name,
                         fmt::format("{} presents a certificate the edge {}: {}", how(end),
                                     seen.strict ? "refuses (526)" : "would refuse in strict mode",
                                     join(end.certificate_failures, ", ")));
      wrong.evidence = {fmt::format("it is for {}", join(end.certificate_names, ", ")),
                        fmt::format("{:.0f} days left", end.certificate_days)};
      wrong.fix = fmt::format(
          "install a certificate for {} with its whole chain on the new origin; "
          "behind a proxy use DNS-01 or the edge's own origin certificate",
          host.name);
      out.push_back(std::move(wrong));
    } else if (end.certificate_days < kCertificateDays) {
      good = false;
      auto soon = check(
          "tls.certificate", State::warn, host.name,
          fmt::format("the certificate of {} ends in {:.0f} days", how(end), end.certificate_days));
      soon.fix = "renew it before the cut-over, and see that renewal works on the new machine";
      out.push_back(std::move(soon));
    }
  }
  if (any && good) {
    out.push_back(check("tls.certificate", State::good, host.name,
                        "the certificate is for this name, trusted, and lasts"));
  }
}

void check_content(const HostSeen& host, std::vector<Check>& out) {
  std::map<std::pair<std::string, std::string>, Check>
      groups;  // what, sentence: often on every page
  std::size_t compared = 0;
  for (const auto& page : host.pages) {
    if (page.before.failure) continue;
    ++compared;
    for (const auto& difference : differences(page)) {
      const bool each = difference.what == "content" || difference.what == "status" ||
                        difference.what == "answer" || difference.what == "redirect";
      auto& group = groups[{difference.what, each ? page.path : difference.sentence}];
      if (group.id.empty()) {
        group = check("content." + difference.what, difference.grave ? State::stop : State::warn,
                      host.name, "");
        group.sentence =
            each ? fmt::format("{}: {}", page.path, difference.sentence) : difference.sentence;
        group.evidence = difference.lines;
      }
      if (!each && group.evidence.size() < kPagesShown) group.evidence.push_back(page.path);
    }
  }
  for (auto& [key, group] : groups) out.push_back(std::move(group));
  const bool old_answers = std::ranges::any_of(host.before, &EndpointSeen::answers);
  if (compared == 0 && host.pages.empty() && old_answers) {
    out.push_back(check("content.compared", State::unknown, host.name, "no page was compared"));
  } else if (compared == 0) {
    auto open = check("content.compared", State::stop, host.name,
                      "nothing was compared: the old origin gives no page (is its address right?)");
    if (!host.pages.empty()) open.evidence.push_back(host.pages.front().before.because);
    out.push_back(std::move(open));
  } else if (groups.empty() && compared > 0) {
    out.push_back(
        check("content.compared", State::good, host.name,
              fmt::format("{} page{} read the same on both", compared, compared == 1 ? "" : "s")));
  }
}

void check_state(const HostSeen& host, std::vector<Check>& out) {
  std::set<std::string> hints;
  for (const auto& page : host.pages) {
    for (auto& hint : page_hints(page.before.body, page.before.fields))
      hints.insert(std::move(hint));
  }
  const bool writes = hints.contains("wordpress") || hints.contains("login") ||
                      hints.contains("form") || hints.contains("session");
  if (writes) {
    auto warn = check("data.database", State::warn, host.name,
                      "the site takes input: what visitors write between the copy and the cut-over "
                      "is lost, or stays on the old machine");
    warn.evidence.assign(hints.begin(), hints.end());
    warn.fix =
        "freeze writes (maintenance or read-only mode) before the last copy of the database, or "
        "let the new application use the old database until all traffic has moved";
    out.push_back(std::move(warn));
  }
  if (hints.contains("uploads") || hints.contains("wordpress")) {
    auto warn = check("data.uploads", State::warn, host.name, "the site serves uploaded files");
    warn.fix =
        "copy them twice: all of them now, and what is new right before the cut-over (rsync)";
    out.push_back(std::move(warn));
  }
}

void check_filter(const Seen& seen, std::vector<Check>& out) {
  if (!seen.filter) {
    auto open = check("filter.edge", State::unknown, "",
                      "whether the new origin's firewall lets every range of the edge in cannot be "
                      "seen from here");
    open.fix =
        "on the new origin: causeway inspect --format json >facts.json, then --with facts.json";
    out.push_back(std::move(open));
    return;
  }
  std::size_t accepted = 0;
  for (const auto& fact : *seen.filter) {
    if (fact.value == "accept" || fact.value == "none") {
      ++accepted;
      continue;
    }
    auto wrong = check("filter.edge", State::stop, "",
                       fmt::format("the new origin's firewall stops the edge{}{}: {}",
                                   fact.port == 0 ? "" : fmt::format(" on port {}", fact.port),
                                   fact.family.empty() ? "" : " over " + fact.family, fact.value));
    if (!fact.detail.empty()) wrong.evidence.push_back(printable(fact.detail, limits::kTextKept));
    wrong.fix = "allow every published range of the edge: causeway guard show";
    out.push_back(std::move(wrong));
  }
  if (accepted == seen.filter->size() && accepted > 0) {
    out.push_back(check("filter.edge", State::good, "",
                        "the new origin's firewall lets the edge in, by its own rules"));
  } else if (seen.filter->empty()) {
    out.push_back(check("filter.edge", State::unknown, "",
                        "the facts that were given say nothing about the firewall"));
  }
}

void check_families(const Seen& seen, std::vector<Check>& out) {
  const auto has = [](const std::vector<IpAddress>& all, bool v4) {
    return std::ranges::any_of(all, [&](const IpAddress& a) { return a.is_v4() == v4; });
  };
  const bool old_record = std::ranges::any_of(
      moving(seen), [](const zone::Record& record) { return record.type == "AAAA"; });
  if ((has(seen.before, false) || old_record) && !has(seen.after, false)) {
    auto wrong = check("family.ipv6", old_record ? State::stop : State::warn, "",
                       "the old origin has an IPv6 address and the new one has none");
    wrong.fix =
        "give the new origin one, or remove the AAAA records in the cut-over: a left-over AAAA "
        "leads to the old machine, and to nothing once it is gone";
    out.push_back(std::move(wrong));
  }
  if (has(seen.before, true) && !has(seen.after, true)) {
    auto wrong = check("family.ipv4", State::stop, "",
                       "the old origin has an IPv4 address and the new one has none");
    wrong.fix = "edges prefer IPv4 towards origins, and many visitors have nothing else";
    out.push_back(std::move(wrong));
  }
}

Plan make_plan(Seen seen) {
  Plan out;
  for (const auto& host : seen.hosts) {
    check_reach(seen, host, out.checks);
    check_certificate(seen, host, out.checks);
    if (!check_origin_pulls(seen, host, out.checks)) check_content(host, out.checks);
    check_state(host, out.checks);
  }
  check_filter(seen, out.checks);
  check_families(seen, out.checks);
  check_records(seen, out.checks);
  std::ranges::sort(out.checks, {}, [](const Check& each) {
    return std::tuple{each.state, each.host, each.id, each.sentence};
  });
  for (const auto& each : out.checks) {
    out.stops += each.state == State::stop ? 1 : 0;
    out.warnings += each.state == State::warn ? 1 : 0;
    out.unknowns += each.state == State::unknown ? 1 : 0;
  }
  const bool asked =
      std::ranges::any_of(seen.hosts, [](const HostSeen& host) { return !host.after.empty(); });
  out.go = out.stops == 0 && asked;
  out.steps = steps_of(seen);
  out.seen = std::move(seen);
  return out;
}

}  // namespace causeway::plan
