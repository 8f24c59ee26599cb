#include "net/frame_pool.hpp"

#include <array>
#include <new>

#include "base/limits.hpp"

namespace causeway::net {
namespace {

// Under a sanitizer every frame comes from the allocator: a reused block would hide a use after
// free.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif
#else
constexpr bool kPooled = true;
#endif

// Very many frames may be alive: none larger than the blocks that glibc gives anyway, which hold
// 16 n + 8 bytes.
constexpr std::size_t kStep = 16;
constexpr std::size_t kHead = 8;  // glibc's own, in each block
// The optimizer joins the frames of tasks that await each other: one of a whole request is larger
// than any that was written.
constexpr std::size_t kClasses = 4 * limits::kFrameBytesPooled / kStep;

struct Free {
  Free* next;
};

std::size_t class_of(std::size_t bytes) { return (bytes + kHead - 1) / kStep; }

struct SizeClass {
  Free* first = nullptr;
  std::size_t count = 0;
};

struct Pool {
  std::array<SizeClass, kClasses> classes;
  ~Pool() {
    for (auto& size_class : classes) {
      while (size_class.first != nullptr) {
        Free* frame = size_class.first;
        size_class.first = frame->next;
        ::operator delete(frame);
      }
    }
  }
};

thread_local Pool pool;

}  // namespace

void* take_frame(std::size_t bytes) {
  const std::size_t index = class_of(bytes);
  if (!kPooled || index >= kClasses) return ::operator new(bytes);
  SizeClass& size_class = pool.classes[index];
  if (Free* frame = size_class.first; frame != nullptr) {
    size_class.first = frame->next;
    --size_class.count;
    return frame;
  }
  return ::operator new(index * kStep + kHead);
}

void give_frame(void* frame, std::size_t bytes) noexcept {
  const std::size_t index = class_of(bytes);
  if (!kPooled || index >= kClasses || pool.classes[index].count >= limits::kFramesKept) {
    ::operator delete(frame);
    return;
  }
  SizeClass& size_class = pool.classes[index];
  size_class.first = ::new (frame) Free{size_class.first};
  ++size_class.count;
}

}  // namespace causeway::net
