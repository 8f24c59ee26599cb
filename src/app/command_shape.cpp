#include "app/command_shape.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/text.hpp"

namespace causeway::app {
namespace {

// "strict|full|flexible" are words to choose from, "URL|HOST" are not.
bool is_choice(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
}

FlagShape shape_of(const CLI::Option& option) {
  FlagShape out;
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  out.positional = out.names.empty();
  if (out.positional) out.names.push_back(option.get_name(true));
  out.value = option.get_option_text();
  out.meaning = option.get_description();
  out.repeatable = option.get_items_expected_max() > 1;
  for (const auto word : split(out.value, '|')) {
    if (is_choice(word)) out.choices.emplace_back(word);
    out.takes_file = out.takes_file || word == "FILE" || word == "DIR";
  }
  return out;
}

CommandShape shape_of(const CLI::App& app, const std::string& name) {
  CommandShape out{name, app.get_description(), app.get_footer(), {}, {}};
  for (const auto* option : app.get_options()) {
    if (!option->get_group().empty()) out.flags.push_back(shape_of(*option));
  }
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_group().empty()) continue;
    out.commands.push_back(
        shape_of(*sub, name.empty() ? sub->get_name() : name + " " + sub->get_name()));
  }
  return out;
}

void flatten(const CommandShape& shape, std::vector<const CommandShape*>& into) {
  into.push_back(&shape);
  for (const auto& command : shape.commands) flatten(command, into);
}

}  // namespace

CommandShape shape_of(const CLI::App& app) { return shape_of(app, ""); }

std::vector<const CommandShape*> all_commands(const CommandShape& shape) {
  std::vector<const CommandShape*> out;
  flatten(shape, out);
  return out;
}

}  // namespace causeway::app
