#include "app/dns_drift.hpp"

#include <fmt/format.h>

#include "app/command.hpp"
#include "app/dns_hosts.hpp"
#include "app/read_file.hpp"
#include "app/screen.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "reach/registry.hpp"

namespace causeway::app {
namespace {

struct Looked {
  std::vector<zone::HostView> hosts;
  zone::DnssecView dnssec;
  std::optional<reach::Registration> registry;
  std::string registry_failed;
};

net::Task<Looked> look(DnsSession& session, HostsQuestion question) {
  Looked out;
  const DnsFlags& flags = session.flags();
  const zone::Snapshot& snapshot = question.snapshot;
  if (!flags.no_probes) out.hosts = co_await probe_hosts(std::move(question));
  if (!flags.no_servers) out.dnssec = co_await look_at_dnssec(session.servers(), snapshot);
  if (!flags.no_registry) {
    auto asked =
        co_await reach::ask_registry(session.outbound(), flags.rdap, snapshot.zone, flags.ca);
    if (asked) {
      out.registry = std::move(*asked);
    } else {
      out.registry_failed = asked.error().text;
    }
  }
  co_return out;
}

Parsed<model::EdgeRanges> edge_of(const DnsFlags& flags) {
  if (flags.edge.empty() || flags.edge == "cloudflare") return model::cloudflare_ranges();
  const auto text = read_file(flags.edge, limits::kDocumentBytes);
  if (!text) return error("--edge: " + text.error().text);
  return model::parse_edge_ranges(*text, flags.edge);
}

Tone tone_of(zone::Severity severity) {
  switch (severity) {
    case zone::Severity::bad: return Tone::bad;
    case zone::Severity::warning: return Tone::warning;
    case zone::Severity::advice: return Tone::dim;
  }
  return Tone::plain;
}

std::string_view glyph_of(const Screen& screen, zone::Severity severity) {
  if (severity == zone::Severity::bad) return screen.bad();
  return severity == zone::Severity::warning ? screen.warning() : screen.untested();
}

std::string wish_text(const zone::Wish& wish) {
  std::string out = fmt::format("causeway dns set {} {}", wish.name, wish.type);
  out += wish.contents.empty() ? " --delete" : " " + join(wish.contents, " ");
  if (wish.proxied) out += *wish.proxied ? " --proxied yes" : " --proxied no";
  if (wish.replace) out += " --replace";
  return out;
}

std::string finding_text(const zone::Finding& finding, const Screen& screen) {
  const Tone tone = tone_of(finding.severity);
  std::string out =
      hanging(fmt::format("{} ", screen.paint(tone, glyph_of(screen, finding.severity))),
              fmt::format("{}  {}", screen.paint(Tone::strong, finding.name), finding.sentence),
              screen.width);
  out += fmt::format("    {}\n", screen.paint(Tone::dim, finding.id));
  for (const auto& line : finding.evidence) out += hanging("    seen: ", line, screen.width);
  if (!finding.advice.empty()) out += hanging("    do:   ", finding.advice, screen.width);
  if (finding.fix) out += hanging("    fix:  ", wish_text(*finding.fix), screen.width);
  return out;
}

std::string drift_text(const DriftSeen& seen, const Screen& screen) {
  std::string out;
  std::size_t fixes = 0;
  for (const auto& finding : seen.findings) {
    out += finding_text(finding, screen) + "\n";
    fixes += finding.fix ? 1 : 0;
  }
  if (seen.findings.empty()) {
    out += fmt::format("{} {}: records and what serves agree ({} host{} asked)\n",
                       screen.paint(Tone::good, screen.good()), seen.view.now.zone,
                       seen.view.hosts.size(), seen.view.hosts.size() == 1 ? "" : "s");
  }
  for (const auto& note : seen.view.now.notes) out += hanging("note: ", note, screen.width);
  if (fixes > 0) {
    out += fmt::format("{} of {} can be mended: causeway dns fix {} (with the same flags)\n", fixes,
                       seen.findings.size(), seen.view.now.zone);
  }
  return out;
}

}  // namespace

Parsed<DriftSeen> see_drift(DnsSession& session) {
  const DnsFlags& flags = session.flags();
  auto known = known_addresses(flags);
  if (!known) return std::unexpected(known.error());
  auto edge = edge_of(flags);
  if (!edge) return std::unexpected(edge.error());
  auto snapshot = session.take(true);
  if (!snapshot) return std::unexpected(snapshot.error());
  DriftSeen out{.view = {.now = std::move(*snapshot)}, .findings = {}};
  if (auto before = session.store().snapshot(out.view.now.zone, "latest")) {
    out.view.before = std::move(*before);
  }
  Looked looked = run_on_loop(look(session, {.snapshot = out.view.now,
                                             .servers = session.servers(),
                                             .known = std::move(*known),
                                             .edge = *edge,
                                             .ca_file = flags.ca}));
  out.view.hosts = std::move(looked.hosts);
  if (!flags.no_servers) out.view.dnssec = looked.dnssec;
  out.view.registry = std::move(looked.registry);
  if (!looked.registry_failed.empty()) {
    out.view.now.notes.push_back("when the registration ends is not known: " +
                                 looked.registry_failed);
  }
  out.view.edge = &*edge;
  out.findings = zone::find_drift(out.view);
  out.view.edge = &model::cloudflare_ranges();  // `edge` ends here
  return out;
}

int dns_drift(const DnsFlags& flags) {
  const auto session = DnsSession::open(flags);
  if (!session) return wrong_use("dns drift", session.error().text);
  const auto seen = see_drift(**session);
  if (!seen) return dns_failed(seen.error().text);
  if (flags.format == "json") {
    print(zone::to_json(seen->view, seen->findings));
  } else {
    print(drift_text(*seen, screen_of_stdout(flags.no_color)));
  }
  const bool wrong =
      !seen->findings.empty() && seen->findings.front().severity != zone::Severity::advice;
  return wrong ? kProblem : kFine;
}

}  // namespace causeway::app
