// What an inspection by root may trust of the paths it finds: processes name their own programs and
// configurations, and anybody may call a process nginx.
#pragma once

#include <cstdint>
#include <string>

namespace causeway::inspect {

// Whether nobody but root can change the file or put another one in its place: it and every folder
// above belong to root and are writable by root alone; of a folder that others may write to, sticky
// as /tmp is, only entries of root's own count. Symbolic links are followed first. False for what
// is missing or no regular file.
bool only_root_writes(const std::string& path);

// Whether a process runs as root.
bool runs_as_root(std::int64_t pid);

}  // namespace causeway::inspect
