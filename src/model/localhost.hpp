// Names of this machine itself.
#pragma once

#include <string_view>

namespace causeway::model {

// "localhost" and all names below it mean this machine everywhere (RFC 6761, 6.3): whoever asks for
// one means no edge.
bool is_localhost(std::string_view name);

}  // namespace causeway::model
