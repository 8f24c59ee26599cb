#include "app/plan.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "app/command.hpp"
#include "app/diagnose.hpp"
#include "app/interrupt.hpp"
#include "app/read_file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "explain/userinfo.hpp"
#include "model/cause.hpp"
#include "net/group.hpp"
#include "plan/limits.hpp"
#include "zone/store.hpp"

namespace causeway::app {
namespace {

// A host name; what looks like a URL or an address is told from one.
Parsed<std::string> host_in(const std::string& text) {
  std::string_view rest = text;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos)
    rest.remove_prefix(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto user = rest.rfind('@'); user != std::string_view::npos)
    rest.remove_prefix(user + 1);
  const auto shown = [&] { return printable(explain::without_userinfo(text), 100); };
  if (IpAddress::parse(rest)) {
    return error(
        fmt::format("--name: '{}' is an address; expected the host name that moves, such as "
                    "www.example.net",
                    shown()));
  }
  if (rest.size() != text.size() || rest.contains(':')) {
    const auto host = codec::dns_name(rest.substr(0, rest.find(':')));
    return error(fmt::format(
        "--name: '{}' is no host name; expected {}", shown(),
        host ? "'" + *host + "' alone (pages: --path)" : "one such as www.example.net"));
  }
  auto name = codec::dns_name(text);
  if (!name) return error("--name: " + name.error().text);
  return name;
}

// A page on the site itself.
Parsed<bool> check_paths(const PlanFlags& flags) {
  for (const auto& path : flags.paths) {
    if (path.starts_with('/')) continue;
    return error(
        fmt::format("--path: '{}' is no path; expected one that begins with '/', such as "
                    "/{}",
                    printable(explain::without_userinfo(path), 100),
                    path.contains("://") ? "cart" : printable(path, 60)));
  }
  return true;
}

constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kHttpPort = 80;

constexpr const char* kExamples = R"(Examples:
  causeway plan 203.0.113.9 198.51.100.20 --name www.example.net --name example.net
      can the site move? What stops it, what to do when, how to come back
  causeway plan 203.0.113.9,2001:db8::9 198.51.100.20,2001:db8:7::20 --name www.example.net
      one machine's addresses of both families
  causeway plan OLD NEW --name www.example.net --format calendar --at 2026-12-01T22:00:00Z > move.ics
      each step with a reminder, up to the day the old origin is retired
  causeway plan OLD NEW --name www.example.net --zone example.net --with facts.json --format html
      with the zone's last snapshot, and with what causeway inspect saw on the new origin
  causeway plan watch OLD NEW --name www.example.net
      during the cut-over: who is still led to the old origin, and does the new one serve

Exit codes: 0 go, 1 no-go, 2 wrong use, 3 could not tell.)";

struct Understood {
  std::vector<IpAddress> before;
  std::vector<IpAddress> after;
  std::vector<std::string> names;
  std::vector<model::Document> documents;
  reach::Request request;      // shared by all questions
  std::optional<WallTime> at;  // of the cut-over
  std::size_t pages = 20;
};

model::SslMode ssl_of(const std::string& text) {
  if (text == "flexible") return model::SslMode::flexible;
  return text == "full" ? model::SslMode::full : model::SslMode::strict;
}

Parsed<Understood> understand_plan(const PlanFlags& flags) {
  Understood out;
  auto before = parse_addresses(flags.before);
  if (!before) return error("OLD: " + before.error().text);
  auto after = parse_addresses(flags.after);
  if (!after) return error("NEW: " + after.error().text);
  auto names = parse_names(flags);
  if (!names) return std::unexpected(names.error());
  if (const auto good = check_paths(flags); !good) return std::unexpected(good.error());
  if (*before == *after) return error("OLD and NEW are the same: nothing would move");
  out.before = std::move(*before);
  out.after = std::move(*after);
  out.names = std::move(*names);
  const char* end = flags.pages.data() + flags.pages.size();
  const auto read = std::from_chars(flags.pages.data(), end, out.pages);
  if (read.ec != std::errc{} || read.ptr != end || out.pages > limits::kCrawlPages) {
    return error(fmt::format("--pages: expected 0 to {}", limits::kCrawlPages));
  }
  for (const auto& path : flags.with) {
    const auto text = read_file(path, limits::kDocumentBytes);
    if (!text) return error("--with: " + text.error().text);
    auto document = model::parse_document(*text, path);
    if (!document) return error("--with: " + document.error().text);
    if (document->schema != model::kFactsSchema) {
      return error(fmt::format(
          "--with: '{}' is a {}; expected what 'causeway inspect --format json' says on the new "
          "origin ({})",
          printable(path, 100), printable(document->schema, 40), model::kFactsSchema));
    }
    out.documents.push_back(std::move(*document));
  }
  if (!flags.at.empty()) {
    const auto at = parse_rfc3339(flags.at);
    if (!at)
      return error(fmt::format("--at: '{}' is no time; expected like 2026-12-01T22:00:00Z",
                               printable(flags.at, 40)));
    out.at = *at;
  } else if (flags.format == "calendar") {
    return error("--format calendar needs --at, the time of the cut-over: 2026-12-01T22:00:00Z");
  }
  out.request.ssl = ssl_of(flags.ssl);
  out.request.ca_file = flags.ca;
  if (!flags.source.empty()) {
    const auto source = IpAddress::parse(flags.source);
    if (!source) return error("--source: " + source.error().text);
    out.request.source = *source;
  }
  if (!flags.edge.empty() && flags.edge != "cloudflare") {
    const auto text = read_file(flags.edge, limits::kDocumentBytes);
    if (!text) return error("--edge: " + text.error().text);
    auto ranges = model::parse_edge_ranges(*text, flags.edge);
    if (!ranges) return std::unexpected(ranges.error());
    out.request.edge = std::move(*ranges);
    out.request.edge_given = true;
  }
  return out;
}

void take_observations(const model::Diagnosis& diagnosis, plan::EndpointSeen& into) {
  for (const auto& seen : diagnosis.observations) {
    if (seen.text("variant") != "main") continue;
    if (seen.kind == model::Kind::certificate) {
      into.has_certificate = true;
      into.certificate_failures = seen.texts("failures");
      into.certificate_names = seen.texts("names");
      into.certificate_days = seen.real("days_left");
    } else if (seen.kind == model::Kind::http) {
      into.page = seen.text("page");
    }
  }
}

// One diagnosis of one address and port, as the edge would connect there.
net::Task<void> see_endpoint(const Understood& asked, std::string host, bool full,
                             plan::EndpointSeen& into) {
  DiagnosePlan plan;
  plan.request = asked.request;
  plan.documents = full ? asked.documents : std::vector<model::Document>{};
  plan.request.target.host = host;
  plan.request.target.scheme = into.tls ? "https" : "http";
  plan.request.target.port = into.endpoint.port;
  plan.request.target.url = fmt::format("{}://{}/", plan.request.target.scheme, host);
  plan.request.origins = {into.endpoint};
  plan.request.mode = model::Mode::quick;
  if (into.tls && plan.request.ssl == model::SslMode::flexible) {
    plan.request.ssl = model::SslMode::full;
  }
  const WallTime started = wall_now();
  reach::Record record;
  auto run = co_await reach::diagnose(plan.request, record);
  const auto diagnosis = conclude(plan, started, std::move(run), record.take());
  for (const auto& attempt : diagnosis.attempts) {
    if (!attempt.address || *attempt.address != into.endpoint.address) continue;
    into.status = attempt.status;
    if (const auto* failed = attempt.failed_stage()) {
      into.failure = failed->failure;
      into.because = failed->because;
    }
  }
  take_observations(diagnosis, into);
  if (diagnosis.verdict.state == model::State::ok || diagnosis.verdict.causes.empty()) co_return;
  const auto& cause = diagnosis.verdict.causes.front();
  into.cause = model::name(cause.cause);
  into.cause_title = cause.title;
  if (cause.fixes.empty()) co_return;
  into.fix = cause.fixes.front().text;
  into.fix_command = cause.fixes.front().command;
}

std::vector<plan::EndpointSeen> endpoints(const std::vector<IpAddress>& addresses) {
  std::vector<plan::EndpointSeen> out;
  for (const auto& address : addresses) {
    out.push_back({.endpoint = {address, kHttpsPort}, .tls = true, .failure = {}});
    out.push_back({.endpoint = {address, kHttpPort}, .tls = false, .failure = {}});
  }
  return out;
}

// The way to compare pages: TLS where it answers, as the edge would go.
const plan::EndpointSeen* way_to(const std::vector<plan::EndpointSeen>& all, bool tls) {
  for (const bool wanted : {tls, !tls}) {
    for (const auto& seen : all) {
      const bool reached = seen.answers() || !seen.certificate_failures.empty();
      if (seen.tls == wanted && reached) return &seen;
    }
  }
  return nullptr;
}

net::Task<void> see_host(const Understood& asked, const PlanFlags& flags, plan::HostSeen& host) {
  host.before = endpoints(asked.before);
  host.after = endpoints(asked.after);
  {
    net::Group group;
    for (auto& seen : host.before) group.start(see_endpoint(asked, host.name, false, seen));
    for (auto& seen : host.after) group.start(see_endpoint(asked, host.name, true, seen));
    co_await group.finished();
  }
  const bool tls = asked.request.ssl != model::SslMode::flexible;
  const auto* before = way_to(host.before, tls);
  const auto* after = way_to(host.after, tls);
  if (asked.pages == 0 || before == nullptr || after == nullptr) co_return;
  plan::CrawlQuestion question{.request = asked.request,
                               .before = before->endpoint,
                               .after = after->endpoint,
                               .before_tls = before->tls,
                               .after_tls = after->tls,
                               .first = flags.paths,
                               .most = asked.pages};
  question.request.target.host = host.name;
  if (question.first.empty()) question.first = {"/"};
  host.pages = co_await plan::crawl(std::move(question));
}

net::Task<std::vector<plan::HostSeen>> see_hosts(const Understood& asked, const PlanFlags& flags) {
  std::vector<plan::HostSeen> out;
  out.reserve(asked.names.size());
  for (const auto& name : asked.names) {
    out.push_back({.name = name, .before = {}, .after = {}, .pages = {}});
  }
  for (auto& host : out) {
    if (!net::Loop::current().interrupted()) co_await see_host(asked, flags, host);
  }
  co_return out;
}

Parsed<bool> take_zone(const PlanFlags& flags, plan::Seen& seen) {
  if (flags.zone.empty()) return true;
  std::string folder = flags.store;
  const bool file = flags.zone.ends_with(".json");
  if (folder.empty() && !file) {
    const auto usual = zone::default_store();
    if (!usual) return std::unexpected(usual.error());
    folder = *usual + "/dns";
  }
  const zone::Store store{folder};
  auto snapshot = store.snapshot(flags.zone, file ? flags.zone : "latest");
  if (!snapshot) return error("--zone: " + snapshot.error().text);
  seen.zone = snapshot->zone;
  seen.records = std::move(snapshot->records);
  if (snapshot->provider) {
    const auto& settings = snapshot->provider->settings;
    const auto found = settings.find("tls_client_auth");
    if (found != settings.end()) seen.origin_pulls = found->second;
  }
  seen.records_from =
      fmt::format("snapshot {} of {}, {}", snapshot->id, snapshot->zone, rfc3339(snapshot->taken));
  return true;
}

void take_facts(const Understood& asked, plan::Seen& seen) {
  for (const auto& document : asked.documents) {
    if (document.schema != model::kFactsSchema) continue;
    if (!seen.filter) seen.filter.emplace();
    for (const auto& fact : document.observations) {
      const std::string_view what = fact.text("what");
      if (fact.kind != model::Kind::fact || (what != "filter" && what != "ban")) continue;
      const std::string_view value = fact.text("value");
      seen.filter->push_back({.port = static_cast<std::uint16_t>(fact.integer("port")),
                              .family = std::string{fact.text("family")},
                              .value = what == "ban" && value != "none"
                                           ? "a ban by " + std::string{value}
                                           : std::string{value},
                              .detail = std::string{fact.text("detail")}});
    }
  }
}

int run_plan(const PlanFlags& flags) {
  const auto asked = understand_plan(flags);
  if (!asked) return wrong_use("plan", asked.error().text);
  plan::Seen seen{.before = asked->before,
                  .after = asked->after,
                  .hosts = {},
                  .records = {},
                  .zone = {},
                  .records_from = {},
                  .filter = {},
                  .strict = asked->request.ssl == model::SslMode::strict,
                  .tls = asked->request.ssl != model::SslMode::flexible,
                  .at = wall_now()};
  if (const auto zone = take_zone(flags, seen); !zone) return wrong_use("plan", zone.error().text);
  take_facts(*asked, seen);
  bool interrupted = false;
  {
    net::Loop loop;
    const InterruptOnSignal interrupt{loop};
    seen.hosts = loop.run(see_hosts(*asked, flags));
    interrupted = loop.interrupted();
  }
  if (interrupted) {
    fmt::print(stderr, "causeway plan: interrupted: nothing can be said\n");
    return kCouldNotTell;
  }
  const auto plan = plan::make_plan(std::move(seen));
  if (flags.format == "json") {
    print(plan::to_json(plan));
  } else if (flags.format == "markdown") {
    print(plan_markdown(plan));
  } else if (flags.format == "html") {
    print(plan_html(plan));
  } else if (flags.format == "calendar") {
    print(plan_calendar(plan, *asked->at));
  } else {
    print(plan_text(plan, screen_of_stdout(flags.no_color)));
  }
  return plan.go ? kFine : kProblem;
}

void add_shared(CLI::App& app, PlanFlags& flags) {
  app.add_option("old", flags.before, "the old origin: its addresses, with commas")
      ->option_text("OLD");
  app.add_option("new", flags.after, "the new origin: its addresses, with commas")
      ->option_text("NEW");
  app.add_option("--name", flags.names, "host name that moves (may be repeated)")
      ->option_text("HOST")
      ->allow_extra_args(false);
  app.add_option("--source", flags.source, "own address to connect from")->option_text("ADDR");
  app.add_option("--ca", flags.ca, "trusted certificates, instead of the system's")
      ->option_text("FILE");
}

}  // namespace

Parsed<std::vector<IpAddress>> parse_addresses(const std::string& text) {
  std::vector<IpAddress> out;
  for (const auto part : split(text, ',')) {
    const auto address = IpAddress::parse(trim(part));
    if (!address) return std::unexpected(address.error());
    if (std::ranges::count(out, *address) == 0) out.push_back(*address);
  }
  if (out.size() > static_cast<std::size_t>(limits::kAddressesTried)) {
    return error(fmt::format("at most {} addresses", limits::kAddressesTried));
  }
  return out;
}

Parsed<std::vector<std::string>> parse_names(const PlanFlags& flags) {
  std::vector<std::string> out;
  for (const auto& text : flags.names) {
    const auto name = host_in(text);
    if (!name) return std::unexpected(name.error());
    out.push_back(*name);
  }
  if (out.empty()) return error("no host name is given; expected --name HOST");
  if (out.size() > limits::kPlanHosts) {
    return error(fmt::format("--name: at most {} host names", limits::kPlanHosts));
  }
  return out;
}

Command add_plan(CLI::App& root) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App* app =
      root.add_subcommand("plan", "Preflight of a migration from one origin to another");
  app->footer(kExamples);
  add_shared(*app, *flags);
  app->add_option("--path", flags->paths, "page to begin the comparison at (default /)")
      ->option_text("PATH")
      ->allow_extra_args(false);
  app->add_option("--pages", flags->pages, "pages of each host that are compared (default 20)")
      ->option_text("N");
  app->add_option("--zone", flags->zone, "zone whose last snapshot to use, or a snapshot's file")
      ->option_text("ZONE|FILE.json");
  app->add_option("--store", flags->store, "folder of snapshots (default $XDG_STATE_HOME/causeway)")
      ->option_text("DIR");
  app->add_option("--with", flags->with, "facts of the new origin (causeway inspect)")
      ->option_text("FILE")
      ->allow_extra_args(false);
  app->add_option("--ssl", flags->ssl, "how the edge connects: verified TLS, any TLS, plain HTTP")
      ->option_text("strict|full|flexible")
      ->check(CLI::IsMember({"strict", "full", "flexible"}));
  app->add_option("--edge", flags->edge, "whose ranges the edge connects from (default cloudflare)")
      ->option_text("cloudflare|FILE");
  app->add_option("--format", flags->format, "what is printed (default text)")
      ->option_text("text|markdown|html|json|calendar")
      ->check(CLI::IsMember({"text", "markdown", "html", "json", "calendar"}));
  app->add_option("--at", flags->at, "when the records will change; --format calendar needs it")
      ->option_text("2026-12-01T22:00:00Z");
  app->add_flag("--no-color", flags->no_color, "no colours (NO_COLOR does the same)");
  CLI::App* watch =
      app->add_subcommand("watch", "During the cut-over: who is led where, what serves");
  watch->footer(
      "Examples:\n  causeway plan watch 203.0.113.9 198.51.100.20 --name www.example.net\n"
      "Exit codes: 0 everybody is led to the new origin and it serves, 1 not, 2 wrong use.");
  add_shared(*watch, *flags);
  watch->add_option("--authority", flags->authorities, "name server of the zone (default: found)")
      ->option_text("ADDR[:PORT]")
      ->allow_extra_args(false);
  watch->add_option("--resolver", flags->resolver, "DNS resolver to ask (default: the system's)")
      ->option_text("ADDR[:PORT]");
  watch->add_option("--every", flags->interval, "time between looks (default 5s)")
      ->option_text("TIME");
  watch->add_option("--for", flags->until, "give up after this long (default 1h)")
      ->option_text("TIME");
  return {app, [flags, watch] { return watch->parsed() ? plan_watch(*flags) : run_plan(*flags); }};
}

}  // namespace causeway::app
