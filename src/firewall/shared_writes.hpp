// What rules write down for all packets alike, so that other clients' connections change what a list
// holds for this one. Pure.
#pragma once

#include "firewall/model.hpp"

namespace causeway::firewall {

// Marks lists of `recent` (Recent::shared, holds_others), and sets that rules fill with something
// else than the client's address: that such a set does not hold a key is never certain.
void mark_shared_writes(Ruleset& rules);

}  // namespace causeway::firewall
