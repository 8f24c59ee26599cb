// What is asked of the admin listener of an edge: by remedies, and for the console.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/outbound.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

// GET of `path` with the token. Wrong: the token's file holds none.
Parsed<net::OutboundRequest> edge_question(std::string_view admin, const std::string& token_file,
                                           std::string_view path);
// Why the answer is none, in one line; empty: it is 200.
std::string edge_trouble(const net::OutboundReply& reply);

}  // namespace causeway::watch
