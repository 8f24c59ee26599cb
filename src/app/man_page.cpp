#include "app/man_page.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/command.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

// groff_man(7): a backslash starts an escape, a leading dot or quote a request, and a bare hyphen
// may become a typographic one that cannot be copied into a shell.
std::string troff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool line_start = out.empty() || out.back() == '\n';
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string program_name(const CommandShape& command, char between) {
  std::string out = command.name.empty() ? "causeway" : "causeway " + command.name;
  std::ranges::replace(out, ' ', between);
  return out;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string synopsis(const CommandShape& command) {
  std::string out = fmt::format(".B {}\n", troff(program_name(command, ' ')));
  for (const auto& flag : command.flags) {
    if (flag.positional) out += fmt::format(".I {}\n", troff(flag.value));
  }
  if (!command.commands.empty()) out += ".I COMMAND\n";
  return out + "[\\fIOPTION\\fR]...\n";
}

std::string flags(const CommandShape& command) {
  std::string out;
  for (const auto& flag : command.flags) {
    out += ".TP\n";
    if (flag.positional) {
      out += fmt::format(".I {}\n", troff(flag.value));
    } else {
      std::string names;
      for (const auto& name : flag.names) {
        names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", troff(name));
      }
      out += names;
      if (!flag.value.empty()) out += fmt::format(" \\fI{}\\fR", troff(flag.value));
      out += "\n";
    }
    out += troff(flag.meaning) + "\n";
  }
  return out;
}

std::string commands(const CommandShape& command) {
  if (command.commands.empty()) return {};
  std::string out = ".SH COMMANDS\n";
  for (const auto& sub : command.commands) {
    out += fmt::format(".TP\n.B {}\n{}\n", troff(program_name(sub, ' ')), troff(sub.summary));
  }
  return out;
}

// "Examples:" and what follows, laid out as it stands.
std::string footer(const CommandShape& command) {
  if (command.footer.empty()) return {};
  std::string_view text = command.footer;
  constexpr std::string_view kHead = "Examples:\n";
  if (text.starts_with(kHead)) text.remove_prefix(kHead.size());
  return fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", troff(trim(text)));
}

std::string see_also(const CommandShape& command, const CommandShape& program) {
  std::string out;
  for (const auto* other : all_commands(program)) {
    if (other == &command) continue;
    out += fmt::format("{}.BR {} (1)", out.empty() ? "" : ",\n", troff(program_name(*other, '-')));
  }
  return ".SH SEE ALSO\n" + out + "\n";
}

int show(const std::vector<std::string>& words, const CLI::App& root) {
  const auto program = shape_of(root);
  const std::string wanted = join(words, " ");
  std::vector<std::string> names;
  for (const auto* command : all_commands(program)) {
    if (command->name == wanted) {
      print(man_page(*command, program));
      return kFine;
    }
    names.push_back(command->name);
  }
  const std::string near = nearest(wanted, names);
  return wrong_use("man",
                   fmt::format("'{}' is not a command{}", printable(wanted, 80),
                               near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

}  // namespace

std::string man_page(const CommandShape& command, const CommandShape& program) {
  const std::string name = program_name(command, '-');
  std::string out = fmt::format(".TH {} 1 \"\" \"causeway {}\" \"User Commands\"\n",
                                troff(upper(name)), version());
  out += fmt::format(".SH NAME\n{} \\- {}\n", troff(name), troff(command.summary));
  out += ".SH SYNOPSIS\n" + synopsis(command);
  out += commands(command);
  out += ".SH OPTIONS\n" + flags(command);
  out += footer(command);
  out += ".SH EXIT STATUS\n0 fine, 1 a problem is proved, 2 wrong use, 3 could not tell.\n";
  return out + see_also(command, program);
}

Command add_man(CLI::App& root) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* app = root.add_subcommand("man", "Print the manual page of a command");
  app->footer(
      "Examples:\n"
      "  causeway man diagnose | man -l -\n"
      "  causeway man lab run >causeway-lab-run.1");
  app->add_option("command", *words, "whose page (default: the program's)")->option_text("COMMAND");
  return {app, [words, &root] { return show(*words, root); }};
}

}  // namespace causeway::app
