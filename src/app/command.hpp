// One subcommand: where it hangs in the command tree and what runs when it is called.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}  // namespace CLI

namespace causeway::app {

// Exit codes of the whole program.
inline constexpr int kFine = 0;
inline constexpr int kProblem = 1;
inline constexpr int kWrongUse = 2;
inline constexpr int kCouldNotTell = 3;

using Run = std::function<int()>;

struct Command {
  CLI::App* app = nullptr;
  Run run;
};

// Each adds its command to the tree. Options live as long as `run`.
Command add_diagnose(CLI::App& root);
Command add_config(CLI::App& root);
Command add_inspect(CLI::App& root);
Command add_demo(CLI::App& root);
Command add_dns(CLI::App& root);
Command add_edge(CLI::App& root);
Command add_up(CLI::App& root);
Command add_console(CLI::App& root);
Command add_explain(CLI::App& root);
Command add_guard(CLI::App& root);
Command add_lab(CLI::App& root);
Command add_report(CLI::App& root);
Command add_plan(CLI::App& root);
Command add_version(CLI::App& root);
Command add_watch(CLI::App& root);
Command add_completion(CLI::App& root);
Command add_man(CLI::App& root);
Command add_docs(CLI::App& root);

// Writes all of it, or says why not on stderr (a closed pipe is nobody's fault).
void print(std::string_view text);

// "causeway diagnose: the URL ...; expected ..." on stderr; returns kWrongUse.
int wrong_use(std::string_view command, std::string_view what);

std::string_view version();

}  // namespace causeway::app
