// Writing that survives a power cut: whole, on the disk, and found again by its name.
#pragma once

#include <string>
#include <string_view>

namespace causeway {

// All of `text`, and then fsync(2). False: errno says why.
bool write_durably(int fd, std::string_view text);

// After a rename(2) in it. What cannot be opened or synchronised is left to the kernel's own time.
void sync_folder(const std::string& path);

}  // namespace causeway
