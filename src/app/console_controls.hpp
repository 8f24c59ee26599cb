// What the console gets from the rest of the program.
#pragma once

#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "console/desk.hpp"

namespace causeway::app {

// What needs no watch: diagnoses, reports of the store's incidents, a proof of this machine's
// firewall. `store` must outlive the console.
console::Controls console_controls(store::Store& store);

// "5230", "127.0.0.1:5230", "[::1]:5230"; a port alone is on loopback.
Parsed<Endpoint> parse_listen(std::string_view text);

// On stdout: where the console is, and how to make the first account when there is none.
Parsed<bool> announce(store::Store& store, const std::string& address);

}  // namespace causeway::app
