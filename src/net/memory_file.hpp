// Files in memory alone (memfd_create(2)): for who wants a path or a descriptor to read from. They
// are gone with their last descriptor, and nobody else can change them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/fd.hpp"

namespace causeway::net {

// Holds `text`, to be read from its beginning. Invalid when it cannot be made; errno says why.
Fd memory_file(std::string_view text);

// Holds what `file` holds now. Invalid when that cannot be read, or is more than `most` bytes
// (EFBIG); errno says why.
Fd memory_copy(const std::string& file, std::uint64_t most);

// By which this process opens it: "/proc/self/fd/7".
std::string path_of(const Fd& file);

}  // namespace causeway::net
