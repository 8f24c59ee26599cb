// `causeway demo`: small real origins on loopback, each with one fault, and what a diagnosis says
// about each. Nothing leaves this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/demo_origins.hpp"
#include "app/diagnose.hpp"
#include "app/interrupt.hpp"
#include "app/phrases.hpp"
#include "app/progress.hpp"
#include "app/render.hpp"
#include "app/target_url.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"

namespace causeway::app {
namespace {

constexpr std::string_view kShown = "http-on-https";

struct Flags {
  std::string show{kShown};
  std::string format = "text";
  bool no_color = false;
};

struct Stage {  // one origin and what is asked of it
  std::string name;
  std::string fault;  // what is wrong with it, in truth
  DiagnosePlan question;
  std::unique_ptr<reach::Record> record;
  reach::DiagnosisRun run;
  model::Diagnosis diagnosis;
};

Parsed<Stage> stage_of(DemoOrigin& origin, const std::string& ca_file) {
  Stage out{.name = origin.name, .fault = origin.fault};
  const auto target = parse_target(origin.url());
  if (!target) return error(target.error().text);
  out.question.request.target = *target;
  out.question.request.ca_file = ca_file;
  return out;
}

net::Task<void> ask(Stage& stage) {
  stage.run = co_await reach::diagnose(stage.question.request, *stage.record);
}

net::Task<void> ask_all(std::vector<Stage>& stages) {
  net::Group all;
  for (auto& stage : stages) all.start(ask(stage));
  co_await all.finished();
}

void diagnose_all(std::vector<Stage>& stages) {
  const WallTime started = wall_now();
  Progress progress{stderr_is_terminal()};
  for (auto& stage : stages) {
    stage.record = std::make_unique<reach::Record>([&](const auto& seen) { progress.saw(seen); });
  }
  net::Loop loop;
  {
    const InterruptOnSignal interrupt{loop};
    loop.run(ask_all(stages));
  }
  for (auto& stage : stages) {
    stage.diagnosis = conclude(stage.question, started, std::move(stage.run), stage.record->take());
  }
}

std::string line_of(const Stage& stage, const Screen& screen) {
  const auto& verdict = stage.diagnosis.verdict;
  const bool fine = verdict.state == model::State::ok;
  const std::string cause =
      verdict.causes.empty() ? std::string{} : std::string{name(verdict.causes.front().cause)};
  return fmt::format(
      "  {} {} {} {} {} {:>6}\n",
      screen.paint(fine ? Tone::good : Tone::bad, fine ? screen.good() : screen.bad()),
      padded(stage.name, 13), padded(verdict.code == 0 ? "-" : fmt::format("{}", verdict.code), 3),
      screen.paint(Tone::accent, padded(cause, 22)),
      screen.paint(Tone::dim, padded(stage.fault, 28)), duration_text(stage.diagnosis.duration));
}

std::string report(const std::vector<Stage>& stages, const Flags& flags) {
  const Screen screen = screen_of_stdout(flags.no_color);
  std::string out = fmt::format(
      "{} small origins on 127.0.0.1, each diagnosed as an edge would meet it.\n\n  {}\n",
      stages.size(),
      screen.paint(Tone::dim, fmt::format("  {} sees {} {} {:>6}", padded("origin", 12),
                                          padded("cause found", 22),
                                          padded("what it really does", 28), "took")));
  for (const auto& stage : stages) out += line_of(stage, screen);
  const auto shown = std::ranges::find(stages, flags.show, &Stage::name);
  out += fmt::format("\nThe whole report about {}:\n\n{}\n", shown->name,
                     render_text(shown->diagnosis, screen));
  return out + "Yours: causeway diagnose https://www.example.net/\n";
}

std::string json_report(const std::vector<Stage>& stages) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& stage : stages) {
    list.push_back({{"name", stage.name},
                    {"fault", stage.fault},
                    {"diagnosis", nlohmann::ordered_json::parse(model::to_json(stage.diagnosis))}});
  }
  const nlohmann::ordered_json out{{"schema", "causeway.demo/1"}, {"origins", std::move(list)}};
  return out.dump(2) + "\n";
}

int demo(const Flags& flags) {
  const auto cannot = [](const Error& why) {
    fmt::print(stderr, "causeway demo: {}\n", why.text);
    return kCouldNotTell;
  };
  auto raised = raise_demo_origins();
  if (!raised) return cannot(raised.error());
  std::vector<std::string> names;
  for (const auto& origin : raised->origins) names.push_back(origin.name);
  if (std::ranges::find(names, flags.show) == names.end()) {
    return wrong_use("demo", fmt::format("--show: '{}' is not an origin; expected one of {}",
                                         printable(flags.show, 60), join(names, ", ")));
  }
  std::vector<Stage> stages;
  for (auto& origin : raised->origins) {
    auto stage = stage_of(origin, raised->ca_file);
    if (!stage) return cannot(stage.error());
    stages.push_back(std::move(*stage));
  }
  diagnose_all(stages);
  print(flags.format == "json" ? json_report(stages) : report(stages, flags));
  return kFine;
}

}  // namespace

Command add_demo(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("demo", "Diagnose small faulty origins on this machine");
  app->footer(
      "Examples:\n"
      "  causeway demo\n"
      "  causeway demo --show expired\n"
      "  causeway demo --format json");
  app->add_option("--show", flags->show, "whose whole report is printed (default http-on-https)")
      ->option_text("ORIGIN");
  app->add_option("--format", flags->format, "what is printed (default text)")
      ->option_text("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  app->add_flag("--no-color", flags->no_color, "no colours (NO_COLOR does the same)");
  return {app, [flags] { return demo(*flags); }};
}

}  // namespace causeway::app
