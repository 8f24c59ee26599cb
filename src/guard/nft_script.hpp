// One nft transaction that leaves exactly the grant's rules in the host's own tables.
#pragma once

#include <string>
#include <string_view>

#include "guard/grant.hpp"

namespace causeway::guard {

// Where nobody but the edge is to get in, a table of guard's own says so: before any translation of
// ports (mangle's priority), so that it holds for servers in containers as well, and for first
// packets alone, so that open connections go on.
inline constexpr std::string_view kOwnTable = "causeway_guard";
inline constexpr std::string_view kOnlyChain = "only_edge";
inline constexpr int kOnlyPriority = -150;

// `listing`: `nft -j list ruleset` of now, where rules of an earlier grant are found by their
// comment. Empty when nothing has to change. `tracked`: the kernel knows connections already.
std::string nft_script(const Grant& to, std::string_view listing, bool tracked);

}  // namespace causeway::guard
