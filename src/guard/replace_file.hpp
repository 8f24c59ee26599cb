// A file of another program gets a new text, whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace causeway::guard {

// Puts `after` in the place of `before`: written beside, synced, renamed. Owner, mode and extended
// attributes are kept, links are followed. Fine when it is `after` already; an error when it is
// neither.
Parsed<void> replace_file(const std::string& path, std::string_view before, std::string_view after);

// Where the new text is written first. Its name begins with a dot, so that a server which includes
// everything in the folder never reads it; a crash may leave it there.
std::string beside(const std::string& path);

}  // namespace causeway::guard
