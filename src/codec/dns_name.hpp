// Domain names in one text form, so that comparing them is comparing strings.
//
// The form: lower case (RFC 4343), labels joined by dots, no dot at the end, "." for the root.
// Bytes that are not printable, and dots inside a label, are escaped as \DDD and \. (RFC 1035
// section 5.1), so the text form loses nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace causeway::codec {

constexpr std::size_t kDnsNameBytes = 255;  // on the wire, RFC 1035 section 2.3.4
constexpr std::size_t kDnsLabelBytes = 63;

// What a person or a file wrote, in the form above. Names beyond ASCII are refused with the hint to
// give the xn-- form (RFC 5891), and so are empty labels and anything too long.
Parsed<std::string> dns_name(std::string_view text);

// The same name as length-prefixed labels, uncompressed. `name` must be in the form above.
Parsed<std::string> dns_wire_name(std::string_view name);

// Adds one label's bytes in text form; no dot before or after.
void append_dns_label(std::string& out, std::string_view label);

std::vector<std::string> dns_labels(std::string_view name);  // none for the root
std::string dns_parent(std::string_view name);               // "." for a top-level name and for "."
bool dns_within(std::string_view name, std::string_view zone);  // also when they are equal

}  // namespace causeway::codec
