#pragma once

#include <optional>
#include <string_view>

#include "explain/meaning.hpp"

namespace causeway::explain {

// "sC", "SH--": nothing when these are no letters of HAProxy's.
std::optional<Meaning> haproxy_state(std::string_view flags);
// "UF,URX": of several flags the one that tells most; nothing when one of them is unknown.
std::optional<Meaning> envoy_flags(std::string_view flags);

}  // namespace causeway::explain
