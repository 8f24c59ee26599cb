#pragma once

#include <string>

#include "app/command_shape.hpp"

namespace causeway::app {

// Scripts for a shell to source; made from the command tree, so that they cannot fall behind it.
std::string bash_completion(const CommandShape& program);
std::string zsh_completion(const CommandShape& program);
std::string fish_completion(const CommandShape& program);

}  // namespace causeway::app
