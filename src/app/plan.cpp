#include "app/plan.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <optional>

#include "app/command.hpp"
#include "app/interrupt.hpp"
#include "app/plan_making.hpp"
#include "app/read_file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"
#include "plan/limits.hpp"

namespace causeway::app {
namespace {

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
  PlanQuestion question;
  std::optional<WallTime> at;  // of the cut-over
};

Parsed<Understood> understand_plan(const PlanFlags& flags) {
  Understood out;
  PlanQuestion& question = out.question;
  auto before = parse_addresses(flags.before);
  if (!before) return error("OLD: " + before.error().text);
  auto after = parse_addresses(flags.after);
  if (!after) return error("NEW: " + after.error().text);
  auto names = parse_names(flags.names);
  if (!names) return error("--name: " + names.error().text);
  for (const auto& path : flags.paths) {
    if (const auto good = check_path(path); !good) return error("--path: " + good.error().text);
  }
  if (*before == *after) return error("OLD and NEW are the same: nothing would move");
  question.before = std::move(*before);
  question.after = std::move(*after);
  question.names = std::move(*names);
  question.paths = flags.paths;
  const char* end = flags.pages.data() + flags.pages.size();
  const auto read = std::from_chars(flags.pages.data(), end, question.pages);
  if (read.ec != std::errc{} || read.ptr != end || question.pages > limits::kCrawlPages) {
    return error(fmt::format("--pages: expected 0 to {}", limits::kCrawlPages));
  }
  for (const auto& path : flags.with) {
    const auto text = read_file(path, limits::kDocumentBytes);
    if (!text) return error("--with: " + text.error().text);
    auto document = model::parse_document(*text, path);
    if (!document) return error("--with: " + document.error().text);
    if (const auto facts = check_facts(*document, path); !facts) {
      return error("--with: " + facts.error().text);
    }
    question.documents.push_back(std::move(*document));
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
  question.request.ssl = ssl_of(flags.ssl);
  question.request.ca_file = flags.ca;
  if (!flags.source.empty()) {
    const auto source = IpAddress::parse(flags.source);
    if (!source) return error("--source: " + source.error().text);
    question.request.source = *source;
  }
  if (!flags.edge.empty() && flags.edge != "cloudflare") {
    const auto text = read_file(flags.edge, limits::kDocumentBytes);
    if (!text) return error("--edge: " + text.error().text);
    auto ranges = model::parse_edge_ranges(*text, flags.edge);
    if (!ranges) return std::unexpected(ranges.error());
    question.request.edge = std::move(*ranges);
    question.request.edge_given = true;
  }
  return out;
}

int run_plan(const PlanFlags& flags) {
  const auto asked = understand_plan(flags);
  if (!asked) return wrong_use("plan", asked.error().text);
  plan::Seen seen = nothing_seen(asked->question);
  if (!flags.zone.empty()) {
    const auto zone = take_zone(flags.zone, flags.store, seen);
    if (!zone) return wrong_use("plan", "--zone: " + zone.error().text);
  }
  const PlanTold told = [shown = stderr_is_terminal()](const std::string& what) {
    if (shown) fmt::print(stderr, "{}\n", what);
  };
  bool interrupted = false;
  {
    net::Loop loop;
    const InterruptOnSignal interrupt{loop};
    seen.hosts = loop.run(see_hosts(asked->question, told));
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
