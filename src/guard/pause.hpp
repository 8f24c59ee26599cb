// Waiting for what tells nobody that it happened: another process's lock, a journal on disk.
#pragma once

#include <poll.h>

#include <chrono>

namespace causeway::guard {

inline void pause(std::chrono::milliseconds span) {
  ::poll(nullptr, 0, static_cast<int>(span.count()));
}

}  // namespace causeway::guard
