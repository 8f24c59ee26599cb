#include "app/completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/command.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

std::string words(const CommandShape& command, bool flags) {
  std::vector<std::string> out;
  out.reserve(command.commands.size() + command.flags.size());
  for (const auto& sub : command.commands) out.push_back(sub.name.substr(sub.name.rfind(' ') + 1));
  for (const auto& flag : command.flags) {
    if (flag.positional) {
      out.insert(out.end(), flag.choices.begin(), flag.choices.end());
    } else if (flags) {
      out.insert(out.end(), flag.names.begin(), flag.names.end());
    }
  }
  return join(out, " ");
}

// One line of a case: what may follow a flag that takes a value.
std::string bash_value(const FlagShape& flag) {
  if (flag.positional || flag.value.empty()) return {};
  std::string reply = ":";
  const std::string choices = join(flag.choices, " ");
  if (flag.takes_file) {
    reply = fmt::format("COMPREPLY=($(compgen -f -W '{}' -- \"$word\"))", choices);
  } else if (!choices.empty()) {
    reply = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", choices);
  }
  return fmt::format("      '{}:{}') {}; return ;;\n", "%COMMAND%", flag.names.front(), reply);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Inside single quotes of zsh's _arguments: quote, colon and bracket mean something there.
std::string zsh_quoted(std::string text) {
  for (const auto* special : {"\\", "[", "]", ":"}) {
    text = replaced(std::move(text), special, fmt::format("\\{}", special));
  }
  return replaced(std::move(text), "'", "'\\''");
}

std::string zsh_function(const CommandShape& command) {
  return "_causeway" + replaced(command.name.empty() ? "" : "_" + command.name, " ", "_");
}

std::string zsh_action(const FlagShape& flag) {
  if (!flag.choices.empty() && flag.takes_file) {
    return fmt::format("_alternative \"words:word:({})\" \"files:file:_files\"",
                       join(flag.choices, " "));
  }
  if (!flag.choices.empty()) return fmt::format("({})", join(flag.choices, " "));
  return flag.takes_file ? "_files" : " ";
}

std::string zsh_flag(const FlagShape& flag) {
  const std::string label = zsh_quoted(flag.value.empty() ? flag.names.front() : flag.value);
  if (flag.positional) {
    return fmt::format(" \\\n    '{}:{}:{}'", flag.repeatable ? "*" : "", label, zsh_action(flag));
  }
  std::string out;
  for (const auto& name : flag.names) {
    out += fmt::format(" \\\n    '{}{}[{}]{}'", flag.repeatable ? "*" : "", name,
                       zsh_quoted(flag.meaning),
                       flag.value.empty() ? "" : fmt::format(":{}:{}", label, zsh_action(flag)));
  }
  return out;
}

std::string zsh_command(const CommandShape& command) {
  std::string out = zsh_function(command) + "() {\n  local line state\n  _arguments -C";
  for (const auto& flag : command.flags) out += zsh_flag(flag);
  if (command.commands.empty()) return out + "\n}\n\n";
  out += " \\\n    '1:command:->command' \\\n    '*::argument:->argument'\n  case $state in\n";
  out += "    command)\n      local -a commands=(\n";
  for (const auto& sub : command.commands) {
    out += fmt::format("        '{}:{}'\n", sub.name.substr(sub.name.rfind(' ') + 1),
                       zsh_quoted(sub.summary));
  }
  out += "      )\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const auto& sub : command.commands) {
    out += fmt::format("        {}) {} ;;\n", sub.name.substr(sub.name.rfind(' ') + 1),
                       zsh_function(sub));
  }
  return out + "      esac ;;\n  esac\n}\n\n";
}

std::string fish_quoted(const std::string& text) { return replaced(text, "'", "\\'"); }

std::string fish_condition(const CommandShape& command) {
  if (command.name.empty()) return "__fish_use_subcommand";
  std::vector<std::string> seen;
  for (const auto word : split(command.name, ' ')) {
    seen.push_back(fmt::format("__fish_seen_subcommand_from {}", word));
  }
  return join(seen, "; and ");
}

std::string fish_command(const CommandShape& command) {
  const std::string start = fmt::format("complete -c causeway -n '{}'", fish_condition(command));
  std::string out;
  for (const auto& sub : command.commands) {
    out += fmt::format("{} -f -a {} -d '{}'\n", start, sub.name.substr(sub.name.rfind(' ') + 1),
                       fish_quoted(sub.summary));
  }
  for (const auto& flag : command.flags) {
    std::string line = start;
    for (const auto& name : flag.names) {
      if (flag.positional) continue;
      line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (flag.positional && flag.choices.empty()) continue;
    if (!flag.value.empty() && !flag.positional) line += flag.takes_file ? " -r -F" : " -x";
    if (!flag.choices.empty()) line += fmt::format(" -a '{}'", join(flag.choices, " "));
    out += fmt::format("{} -d '{}'\n", line, fish_quoted(flag.meaning));
  }
  return out;
}

int complete(const std::string& shell, const CLI::App& root) {
  const auto program = shape_of(root);
  if (shell == "bash") print(bash_completion(program));
  if (shell == "zsh") print(zsh_completion(program));
  if (shell == "fish") print(fish_completion(program));
  return kFine;
}

}  // namespace

std::string bash_completion(const CommandShape& program) {
  std::string names;
  std::string values;
  std::string replies;
  for (const auto* command : all_commands(program)) {
    if (!command->name.empty()) names += fmt::format("'{}' ", command->name);
    for (const auto& flag : command->flags) {
      values += replaced(bash_value(flag), "%COMMAND%", command->name);
    }
    replies += fmt::format("      '{}') words='{}' ;;\n", command->name, words(*command, true));
  }
  return fmt::format(R"(# bash completion of causeway; to load: source <(causeway completion bash)
_causeway() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local command='' words='' each candidate
  for ((each = 1; each < COMP_CWORD; each++)); do
    candidate="${{command:+$command }}${{COMP_WORDS[each]}}"
    case " ${{_causeway_commands[*]/#/:}} " in *" :$candidate "*) command=$candidate ;; esac
  done
  COMPREPLY=()
  case "$command:$previous" in
{}  esac
  case "$command" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
_causeway_commands=({})
complete -F _causeway causeway
)",
                     values, replies, trim(names));
}

std::string zsh_completion(const CommandShape& program) {
  std::string out =
      "#compdef causeway\n# zsh completion of causeway; to load: put it on $fpath as "
      "_causeway\n\n";
  for (const auto* command : all_commands(program)) out += zsh_command(*command);
  return out + "_causeway \"$@\"\n";
}

std::string fish_completion(const CommandShape& program) {
  std::string out = "# fish completion of causeway; to load: causeway completion fish | source\n";
  for (const auto* command : all_commands(program)) out += fish_command(*command);
  return out;
}

Command add_completion(CLI::App& root) {
  auto shell = std::make_shared<std::string>();
  CLI::App* app = root.add_subcommand("completion", "Print a completion script for a shell");
  app->footer(
      "Examples:\n"
      "  source <(causeway completion bash)\n"
      "  causeway completion zsh >~/.zfunc/_causeway\n"
      "  causeway completion fish | source");
  app->add_option("shell", *shell, "whose language the script is in")
      ->option_text("bash|zsh|fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return {app, [shell, &root] { return complete(*shell, root); }};
}

}  // namespace causeway::app
