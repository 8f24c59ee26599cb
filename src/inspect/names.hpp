// Where the names of this host's sites lead, as this host itself resolves them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "inspect/run_program.hpp"
#include "inspect/snapshot.hpp"

namespace causeway::inspect {

// The first kSiteNames names of sites in the configurations that can be looked up: no patterns, no
// addresses, no words without a dot.
std::vector<std::string> site_names(const Snapshot& snapshot);
// getent(1) for one of them: through the same resolver as every program of this host.
Program look_up(const std::string& name);
// One line of names.txt: the name, then its addresses; none: it does not resolve.
std::string write_name(std::string_view name, std::string_view getent);

}  // namespace causeway::inspect
