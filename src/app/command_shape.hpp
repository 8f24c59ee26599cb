// The command tree as plain data: what completion scripts and manual pages are made of.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace causeway::app {

struct FlagShape {
  std::vector<std::string> names;  // "--origin", "-h"; a positional has one without hyphens
  std::string value;               // "ADDR[:PORT]"; empty for a switch
  std::string meaning;
  std::vector<std::string> choices;  // when the value is one of a few words
  bool takes_file = false;
  bool positional = false;
  bool repeatable = false;
};

struct CommandShape {
  std::string name;  // "lab run"; empty for the program itself
  std::string summary;
  std::string footer;  // examples and exit codes
  std::vector<FlagShape> flags;
  std::vector<CommandShape> commands;  // hidden ones are left out
};

CommandShape shape_of(const CLI::App& app);

// The program's shape flattened: itself first, then every command, depth first.
std::vector<const CommandShape*> all_commands(const CommandShape& shape);

}  // namespace causeway::app
