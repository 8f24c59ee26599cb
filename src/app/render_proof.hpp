// The firewall proof for people.
#pragma once

#include <string>

#include "app/screen.hpp"
#include "firewall/proof.hpp"

namespace causeway::app {

// What is stopped first, ranges and ports that fare alike together, then what is open, the limits
// and the allow lists. `wants_root`: this host's rules could not all be read.
std::string render_proof(const firewall::Proof& proof, const Screen& screen, bool wants_root);

// The verdict and what is stopped, without what is open.
std::string render_check(const firewall::Proof& proof, const Screen& screen, bool wants_root);

// "203.0.113.0/24 and 203.0.114.0/24", "15 ranges", at most a line of them.
std::string ranges_phrase(const std::vector<std::string>& ranges);

}  // namespace causeway::app
