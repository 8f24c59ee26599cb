// One nft transaction that leaves exactly the grant's rules in the host's own tables.
#pragma once

#include <string>
#include <string_view>

#include "guard/grant.hpp"

namespace causeway::guard {

// `listing`: `nft -j list ruleset` of now, where rules of an earlier grant are found by their
// comment. Empty when nothing has to change.
std::string nft_script(const Grant& to, std::string_view listing);

}  // namespace causeway::guard
