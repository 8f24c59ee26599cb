#include "app/inspect.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.hpp"
#include "app/render_facts.hpp"
#include "app/screen.hpp"
#include "base/id.hpp"
#include "inspect/inspect.hpp"
#include "inspect/snapshot.hpp"
#include "judge/findings.hpp"

namespace causeway::app {
namespace {

constexpr const char* kExamples = R"(Examples:
  causeway inspect
      on the origin: does anything here stop the edge's connections?
  causeway inspect --sample 10s
      the same while requests come in: counters, queues and packets are watched
  causeway diagnose www.example.net --with <(ssh root@203.0.113.10 causeway inspect --sample 10s --format json)
      both views at the same moment, joined in one verdict
  causeway inspect --collect /tmp/origin; causeway inspect --from /tmp/origin
      take what is read along, and read it elsewhere
  causeway inspect --ports 8443 --edge ranges.txt
      another port, and an edge of one's own

Nothing is changed. Without root it says what it cannot see.
Exit codes: 0 fine, 1 a problem is proved, 2 wrong use, 3 could not tell.)";

void add_flags(CLI::App& app, InspectFlags& flags) {
  app.add_option("--edge", flags.edge, "whose ranges connect to this host (default cloudflare)")
      ->option_text("cloudflare|FILE");
  app.add_option("--ports", flags.ports, "ports the edge connects to (default 80,443)")
      ->option_text("PORT,...");
  app.add_option("--sample", flags.sample,
                 "watch packets, counters and queues for so long (at most 5m)")
      ->option_text("5s");
  app.add_option("--since", flags.since, "how far back logs are read (default 1h)")
      ->option_text("1h");
  app.add_option("--collect", flags.collect, "write what is read into a folder, too")
      ->option_text("DIR");
  app.add_option("--from", flags.from, "read such a folder instead of this host")
      ->option_text("DIR");
  app.add_option("--format", flags.format, "what is printed (default text)")
      ->option_text("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--plain", flags.plain, "one fact a line, no symbols");
  app.add_flag("--no-color", flags.no_color, "no colours (NO_COLOR does the same)");
}

Parsed<inspect::Snapshot> snapshot_of(const InspectFlags& flags, InspectPlan& plan) {
  if (!flags.from.empty()) return inspect::read_folder(flags.from);
  const bool shows = stderr_is_terminal();
  if (shows) {
    plan.request.progress = [](std::string_view what) {
      fmt::print(stderr, "\r\x1b[Kreading {} ...", what);
    };
  }
  auto out = inspect::collect(plan.request);
  if (shows) fmt::print(stderr, "\r\x1b[K");
  if (!flags.collect.empty()) {
    if (auto done = inspect::write_folder(out, flags.collect); !done) {
      return std::unexpected(done.error());
    }
  }
  return out;
}

int inspect_host(const InspectFlags& flags) {
  const auto started = Clock::now();
  auto plan = understand(flags);
  if (!plan) return wrong_use("inspect", plan.error().text);
  const auto snapshot = snapshot_of(flags, *plan);
  if (!snapshot) return wrong_use("inspect", snapshot.error().text);
  const auto facts = facts_of(*snapshot, *plan, started);
  if (flags.format == "json") {
    print(model::to_json(facts));
  } else if (flags.plain) {
    print(render_plain(facts));
  } else {
    print(render_text(facts, screen_of_stdout(flags.no_color)));
  }
  return exit_code(facts);
}

}  // namespace

model::Facts facts_of(const inspect::Snapshot& snapshot, const InspectPlan& plan, Instant began) {
  auto facts = inspect::analyze(snapshot, plan.question);
  facts.id = random_id();
  facts.duration = Clock::now() - began;
  facts.findings = judge::findings(facts.observations, facts.ports);
  return facts;
}

std::string inspect_now() {
  const auto began = Clock::now();
  const auto plan = understand(InspectFlags{.sample = "2s"});
  if (!plan) return {};
  return model::to_json(facts_of(inspect::collect(plan->request), *plan, began));
}

Command add_inspect(CLI::App& root) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* app =
      root.add_subcommand("inspect", "On the origin: what only the origin itself can tell");
  app->footer(kExamples);
  add_flags(*app, *flags);
  return {app, [flags] { return inspect_host(*flags); }};
}

}  // namespace causeway::app
