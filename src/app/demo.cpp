// `causeway demo`: small real origins on loopback, each with one fault, and what a diagnosis says
// about each. Nothing leaves this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/demo_diagnoses.hpp"
#include "app/interrupt.hpp"
#include "app/progress.hpp"
#include "app/render.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "net/loop.hpp"

namespace causeway::app {
namespace {

constexpr std::string_view kShown = "http-on-https";

struct Flags {
  std::string show{kShown};
  std::string format = "text";
  bool no_color = false;
};

std::string report(const std::vector<DemoDiagnosis>& all, const Flags& flags) {
  const Screen screen = screen_of_stdout(flags.no_color);
  std::string out = demo_table(all, screen);
  const auto shown = std::ranges::find(all, flags.show, &DemoDiagnosis::name);
  out += fmt::format("\nThe whole report about {}:\n\n{}\n", shown->name,
                     render_text(shown->diagnosis, screen));
  return out + "Yours: causeway diagnose https://www.example.net/\n";
}

std::string json_report(const std::vector<DemoDiagnosis>& all) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& one : all) {
    list.push_back({{"name", one.name},
                    {"fault", one.fault},
                    {"diagnosis", nlohmann::ordered_json::parse(model::to_json(one.diagnosis))}});
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
  auto all = demo_questions(*raised);
  if (!all) return cannot(all.error());
  Progress progress{stderr_is_terminal()};
  {
    net::Loop loop;
    const InterruptOnSignal interrupt{loop};
    diagnose_demo(*all, loop, [&](const auto& seen) { progress.saw(seen); });
  }
  progress.clear();
  print(flags.format == "json" ? json_report(*all) : report(*all, flags));
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
