#include "app/diagnose.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <thread>
#include <utility>

#include "app/command.hpp"
#include "app/interrupt.hpp"
#include "app/phrases.hpp"
#include "app/progress.hpp"
#include "app/read_file.hpp"
#include "app/render.hpp"
#include "base/id.hpp"
#include "base/limits.hpp"
#include "judge/conclude.hpp"
#include "judge/rulebook.hpp"
#include "model/json.hpp"
#include "net/tls.hpp"
#include "reach/diagnose.hpp"

namespace causeway::app {
namespace {

constexpr const char* kExamples = R"(Examples:
  causeway diagnose https://www.example.net/
      what a visitor of the URL gets, and why
  causeway diagnose www.example.net --origin 203.0.113.10
      the origin itself, past the edge that DNS leads to
  causeway diagnose www.example.net --origin 203.0.113.10 --via-edge 198.51.100.7
      both ways side by side
  causeway diagnose www.example.net --with facts.json --known-address 203.0.113.10
      joined with what was seen on the origin
  causeway diagnose www.example.net --with <(ssh root@203.0.113.10 causeway inspect --sample 10s --format json)
      the origin watches while we ask; its word is read when the probes are done
  causeway diagnose www.example.net --quick --format nagios
      as a monitoring plugin

Exit codes: 0 fine, 1 a problem is proved, 2 wrong use, 3 could not tell
(--format nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN).)";

void add_sensing_flags(CLI::App& app, DiagnoseFlags& flags) {
  const auto many = [&](const char* name, std::vector<std::string>& into, const char* meaning) {
    return app.add_option(name, into, meaning)->allow_extra_args(false);
  };
  many("--origin", flags.origins, "connect here instead of where DNS leads (may be repeated)")
      ->option_text("ADDR[:PORT]");
  app.add_option("--via-edge", flags.via_edge, "ask the same URL of this address of the edge too")
      ->option_text("ADDR");
  many("--known-address", flags.known_addresses,
       "an address that is the origin's, to compare DNS with")
      ->option_text("ADDR");
  many("--with", flags.with, "join a causeway.facts/1 or causeway.diagnosis/1 document")
      ->option_text("FILE");
  app.add_option("--edge", flags.edge, "whose ranges the edge connects from (default cloudflare)")
      ->option_text("cloudflare|FILE");
  app.add_option("--source", flags.source, "own address to connect from")->option_text("ADDR");
  app.add_option("--resolver", flags.resolver, "DNS resolver to ask (default: the system's)")
      ->option_text("ADDR[:PORT]");
  many("--authority", flags.authorities,
       "name server of the zone (default: found by its delegation)")
      ->option_text("ADDR[:PORT]");
}

void add_flags(CLI::App& app, DiagnoseFlags& flags) {
  app.add_option("url", flags.target, "URL or host name (https unless it says http://)")
      ->option_text("URL|HOST");
  add_sensing_flags(app, flags);
  app.add_option("--expect-status", flags.expect_status, "HTTP status that is right")
      ->option_text("100-599");
  app.add_option("--expect-text", flags.expect_text, "text that must be in the page")
      ->option_text("TEXT");
  app.add_option("--ca", flags.ca, "trusted certificates, instead of the system's")
      ->option_text("FILE");
  app.add_option("--ssl", flags.ssl, "how the edge connects: verified TLS, any TLS, plain HTTP")
      ->option_text("strict|full|flexible");
  app.add_option("--deadline", flags.deadline, "end of the whole diagnosis (default 30s)")
      ->option_text("1s-10m");
  app.add_flag("--quick", flags.quick, "the main question and the cheapest others");
  app.add_flag("--thorough", flags.thorough, "waits as long as an edge does, asks everything");
  app.add_option("--format", flags.format, "what is printed (default text)")
      ->option_text("text|json|html|junit|nagios");
  app.add_flag("--plain", flags.plain, "one fact a line, no symbols");
  app.add_flag("--no-color", flags.no_color, "no colours (NO_COLOR does the same)");
}

int diagnose(const DiagnoseFlags& flags) {
  const auto plan = understand(flags);
  if (!plan && flags.format == "nagios") {  // 2 would be CRITICAL there, and it reads stdout alone
    print(fmt::format("CAUSEWAY UNKNOWN - {}\n", plan.error().text));
    return kCouldNotTell;
  }
  if (!plan) return wrong_use("diagnose", plan.error().text);
  for (const auto& warning : plan->warnings) fmt::print(stderr, "causeway: {}\n", warning);
  Progress progress{stderr_is_terminal()};
  const auto diagnosis = run_diagnosis(*plan, [&](const auto& seen) { progress.saw(seen); });
  progress.clear();
  print(render(diagnosis, plan->face, plan->no_color));
  if (plan->face == Face::nagios) return nagios_exit_code(diagnosis.verdict);
  return exit_code(diagnosis.verdict);
}

// Somebody looked at the origin while we asked; waiting for the word is part of the diagnosis, and
// ends with it: at its deadline, or by Ctrl-C.
DiagnosePlan with_pipes(DiagnosePlan plan, Instant end, const net::Loop& loop) {
  for (const auto& path : plan.pipes) {
    const auto text =
        read_pipe(path, limits::kDocumentBytes, end, [&] { return loop.interrupted(); });
    auto document = text ? model::parse_document(*text, path) : std::unexpected(text.error());
    if (document) {
      plan.documents.push_back(std::move(*document));
    } else {
      fmt::print(stderr, "causeway: --with: {}; the verdict is without it\n",
                 document.error().text);
    }
  }
  return plan;
}

}  // namespace

model::Diagnosis conclude(const DiagnosePlan& plan, WallTime started, reach::DiagnosisRun run,
                          std::vector<model::Observation> observations) {
  model::Diagnosis out;
  out.id = random_id();
  out.started = started;
  out.target = plan.request.target;
  out.attempts = std::move(run.attempts);
  out.vantage = std::move(run.vantage);
  out.interrupted = run.interrupted;
  out.duration = run.duration;
  judge::conclude(out, std::move(observations), plan.documents);
  return out;
}

model::Diagnosis run_diagnosis(const DiagnosePlan& plan,
                               std::function<void(const model::Observation&)> listener) {
  const WallTime started = wall_now();
  const Instant begun = Clock::now();
  reach::Record record{std::move(listener)};
  net::Loop loop;
  const InterruptOnSignal interrupt{loop};
  reach::DiagnosisRun run;
  {
    // What needs no answer is made ready while the first ones are under way.
    const std::jthread ready{[&] {
      std::ignore = net::prepare_tls(plan.request.ca_file);
      judge::rulebook();
    }};
    run = loop.run(reach::diagnose(plan.request, record));
  }
  return conclude(with_pipes(plan, begun + plan.request.deadline, loop), started, std::move(run),
                  record.take());
}

std::string render(const model::Diagnosis& diagnosis, Face face, bool no_color) {
  switch (face) {
    case Face::text: return render_text(diagnosis, screen_of_stdout(no_color));
    case Face::plain: return render_plain(diagnosis);
    case Face::json: return model::to_json(diagnosis);
    case Face::html: return render_html(diagnosis);
    case Face::junit: return render_junit(diagnosis);
    case Face::nagios: return render_nagios(diagnosis);
  }
  std::unreachable();
}

Command add_diagnose(CLI::App& root) {
  auto flags = std::make_shared<DiagnoseFlags>();
  CLI::App* app =
      root.add_subcommand("diagnose", "Find the cause of a failing site, prove it, say the fix");
  app->footer(kExamples);
  add_flags(*app, *flags);
  return {app, [flags] { return diagnose(*flags); }};
}

}  // namespace causeway::app
