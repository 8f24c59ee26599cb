// What the console gets from the rest of the program.
#pragma once

#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "console/desk.hpp"

namespace causeway::app {

// With a diagnosis by this program, and nothing of a watch.
console::Controls console_controls();

// "5230", "127.0.0.1:5230", "[::1]:5230"; a port alone is on loopback.
Parsed<Endpoint> parse_listen(std::string_view text);

// On stdout: where the console is, and how to make the first account when there is none.
Parsed<bool> announce(store::Store& store, const std::string& address);

}  // namespace causeway::app
