// `causeway explain LINE`: one log line, termination state, response flag or message in plain
// words.
#pragma once

#include <optional>
#include <string_view>

#include "app/explain.hpp"

namespace causeway::app {

// Nothing when the text is none of these, or says nothing about the way to an origin.
std::optional<Explanation> explain_line(std::string_view text);

}  // namespace causeway::app
