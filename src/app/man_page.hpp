#pragma once

#include <string>

#include "app/command_shape.hpp"

namespace causeway::app {

// The manual page of one command, as troff source for man(1).
std::string man_page(const CommandShape& command, const CommandShape& program);

}  // namespace causeway::app
