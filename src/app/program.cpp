#include "app/program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "app/agent.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

// The table: one row, one file.
constexpr std::array kCommands{
    add_diagnose, add_watch,   add_agent,      add_dns,    add_plan, add_inspect, add_edge,
    add_explain,  add_guard,   add_report,     add_config, add_demo, add_console, add_up,
    add_lab,      add_version, add_completion, add_man,    add_docs,
};

constexpr const char* kFooter = R"(Examples:
  causeway diagnose https://www.example.net/
  causeway guard prove
  causeway explain 523
  causeway demo

'causeway COMMAND --help' tells more, 'causeway man COMMAND' prints the manual page.)";

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_group().empty()) out.push_back(sub->get_name());
  }
  return out;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

// The deepest command that the line named.
const CLI::App& called(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

std::string full_name(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "";
  const std::string parent = full_name(*app.get_parent());
  return parent.empty() ? app.get_name() : parent + " " + app.get_name();
}

// With the whole command line in its usage, not only the last word.
std::string help_of(const CLI::App& app) {
  if (app.get_parent() == nullptr) return app.help();
  const std::string parent = full_name(*app.get_parent());
  return app.help(parent.empty() ? "causeway" : "causeway " + parent);
}

int unexpected(const CLI::App& root) {
  const CLI::App& app = called(root);
  const auto rest = root.remaining(true);
  const std::string word = rest.empty() ? "" : rest.front();
  const bool flag = word.starts_with("-");
  const auto candidates = flag ? flag_names(app) : subcommand_names(app);
  const std::string near = nearest(word.substr(0, word.find('=')), candidates);
  return wrong_use(full_name(app),
                   fmt::format("'{}' is not {}{}", printable(word, limits::kTextKept),
                               flag                 ? "a flag"
                               : candidates.empty() ? "expected here"
                                                    : "a command",
                               near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

int parse_failed(const CLI::App& root, const CLI::ParseError& failed) {
  if (failed.get_exit_code() == 0) {  // --help and --version
    const CLI::App& app = called(root);
    print(failed.get_name() == "CallForHelp" ? help_of(app) : std::string{failed.what()} + "\n");
    return kFine;
  }
  // A mistyped command is missing a command first and has a word too many second.
  const auto code = static_cast<CLI::ExitCodes>(failed.get_exit_code());
  const bool has_more = !root.remaining(true).empty();
  if (code == CLI::ExitCodes::ExtrasError) return unexpected(root);
  if (code == CLI::ExitCodes::RequiredError && has_more) return unexpected(root);
  return wrong_use(full_name(called(root)), failed.what());
}

// `--origin "$ADDRESS"` with the variable unset must not ask something else than was meant.
void refuse_empty_values(CLI::App& app) {
  for (auto* option : app.get_options()) {
    if (option->get_lnames().empty() || option->get_expected_max() == 0) continue;
    option->check([](const std::string& value) {
      return value.empty() ? std::string{"expected a value, not an empty one (an unset variable?)"}
                           : std::string{};
    });
  }
  for (auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    refuse_empty_values(*sub);
  }
}

bool output_lost = false;

// To a standard error that may be closed or full, which fmt::print would throw about.
void warn(const char* what, const char* why) {
  std::fputs("causeway: ", stderr);
  std::fputs(what, stderr);
  std::fputs(why, stderr);
  std::fputs("\n", stderr);
}

}  // namespace

CommandTree::CommandTree()
    : root(std::make_unique<CLI::App>(
          "Finds the cause of a 52x between an edge and an origin, proves it, says the fix.",
          "causeway")) {
  root->require_subcommand(1);
  root->footer(kFooter);
  root->set_help_flag("-h,--help", "show this help");
  root->set_version_flag("--version", fmt::format("causeway {}", version()), "show the version");
  root->get_formatter()->column_width(34);
  for (const auto add : kCommands) commands.push_back(add(*root));
  refuse_empty_values(*root);
}

CommandTree::~CommandTree() = default;

void print(std::string_view text) {
  const bool whole =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (whole || errno == EPIPE) return;
  if (!output_lost) warn("cannot write the output: ", std::strerror(errno));
  output_lost = true;
}

int wrong_use(std::string_view command, std::string_view what) {
  fmt::print(stderr, "causeway{}{}: {}\nTry 'causeway{}{} --help'.\n", command.empty() ? "" : " ",
             command, what, command.empty() ? "" : " ", command);
  return kWrongUse;
}

std::string_view version() { return CAUSEWAY_VERSION; }

namespace {

int run_command(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CommandTree tree;
  if (argc < 2) {
    fmt::print(stderr, "{}", tree.root->help());
    return kWrongUse;
  }
  try {
    tree.root->parse(argc, argv);
  } catch (const CLI::ParseError& failed) {
    return parse_failed(*tree.root, failed);
  }
  for (const auto& command : tree.commands) {
    if (!command.app->parsed()) continue;
    const int code = command.run();
    return output_lost && code != kWrongUse ? kCouldNotTell : code;
  }
  return kWrongUse;
}

}  // namespace

int run_program(int argc, char** argv) {
  try {
    return run_command(argc, argv);
  } catch (const std::bad_alloc&) {
    warn("out of memory: ", "give it more (ulimit -v), or less to read");
  } catch (const std::exception& failed) {
    warn("internal error: ", failed.what());
  }
  return kCouldNotTell;
}

}  // namespace causeway::app
