// Other programs' YAML (and JSON, which is YAML) as the same tree that our own files become: for
// imports. The parser is libyaml; nothing else sees it.
#pragma once

#include <expected>
#include <string_view>

#include "config/node.hpp"

namespace causeway::config {

// The first document. Plain scalars are typed as by YAML 1.2's core schema (10.3.2), numbers in
// decimal only; a null is a key that is not there. Aliases are copied, within limits.
std::expected<Node, Finding> parse_yaml(std::string_view text);

}  // namespace causeway::config
