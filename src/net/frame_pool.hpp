// Where coroutine frames live: a free list per thread and size class, so that a Task costs a pop
// and a push instead of malloc and free. Frames and lists are never shared between threads.
#pragma once

#include <cstddef>

namespace causeway::net {

void* take_frame(std::size_t bytes);
void give_frame(void* frame, std::size_t bytes) noexcept;

}  // namespace causeway::net
