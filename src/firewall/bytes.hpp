// A packet as bytes of which some bits are known: for matches that compute on offsets (u32).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "firewall/flow.hpp"

namespace causeway::firewall {

// "0x0>>0x16&0x3c@0x0=0x12345678" and more of them joined with "&&".
bool parse_u32(std::string_view text, U32Match& out);

enum class Tri : std::uint8_t { no, yes, unknown };

Tri ask(const U32Match& step, const Packet& packet);

}  // namespace causeway::firewall
