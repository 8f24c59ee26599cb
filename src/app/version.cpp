#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "model/json.hpp"

namespace causeway::app {
namespace {

int show_version(bool json) {
  if (!json) {
    print(fmt::format("causeway {}\n", version()));
    return kFine;
  }
  const nlohmann::ordered_json out{{"name", "causeway"},
                                   {"version", version()},
                                   {"schemas", {model::kDiagnosisSchema, model::kFactsSchema}}};
  print(out.dump(2) + "\n");
  return kFine;
}

}  // namespace

Command add_version(CLI::App& root) {
  auto format = std::make_shared<std::string>("text");
  CLI::App* app = root.add_subcommand("version", "Print the version");
  app->footer("Examples:\n  causeway version\n  causeway version --format json");
  app->add_option("--format", *format, "what is printed (default text)")
      ->option_text("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  return {app, [format] { return show_version(*format == "json"); }};
}

}  // namespace causeway::app
