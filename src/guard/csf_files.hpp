// ConfigServer Security & Firewall: csf.allow lets in (its chain stands before the refusals),
// csf.ignore keeps lfd from banning, csf.deny refuses. Read at `csf -ra`. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "guard/blocks.hpp"

namespace causeway::guard {

inline constexpr std::string_view kCsfFolder = "/etc/csf";
inline constexpr std::string_view kCsfAllow = "/etc/csf/csf.allow";
inline constexpr std::string_view kCsfIgnore = "/etc/csf/csf.ignore";
inline constexpr std::string_view kCsfDeny = "/etc/csf/csf.deny";

// One filter a range, for the ports alone: "tcp|in|d=80,443|s=RANGE".
std::vector<Edit> csf_allow(const std::vector<Prefix>& ranges,
                            const std::vector<std::uint16_t>& ports);
std::vector<Edit> csf_ignore(const std::vector<Prefix>& ranges);
// Plain entries that lie inside the ranges become comments; others lose to csf.allow as they are.
std::vector<Edit> csf_deny(std::string_view text, const std::vector<Prefix>& ranges);

}  // namespace causeway::guard
