// The whole program: the table of subcommands, and the reading of the command line.
#pragma once

#include <memory>
#include <vector>

#include "app/command.hpp"

namespace causeway::app {

struct CommandTree {
  CommandTree();
  ~CommandTree();
  std::unique_ptr<CLI::App> root;
  std::vector<Command> commands;
};

// Returns the exit code.
int run_program(int argc, char** argv);

}  // namespace causeway::app
