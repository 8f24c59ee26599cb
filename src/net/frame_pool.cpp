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

constexpr std::size_t kStep = 16;  // what the allocator rounds to: very many frames may be alive
// The optimizer joins the frames of tasks that await each other: one of a whole request is larger
// than any that was written.
constexpr std::size_t kClasses = 4 * limits::kFrameBytesPooled / kStep;

struct Free {
  Free* next;
};

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
  const std::size_t index = (bytes - 1) / kStep;
  if (!kPooled || index >= kClasses) return ::operator new(bytes);
  SizeClass& size_class = pool.classes[index];
  if (Free* frame = size_class.first; frame != nullptr) {
    size_class.first = frame->next;
    --size_class.count;
    return frame;
  }
  return ::operator new((index + 1) * kStep);
}

void give_frame(void* frame, std::size_t bytes) noexcept {
  const std::size_t index = (bytes - 1) / kStep;
  if (!kPooled || index >= kClasses || pool.classes[index].count >= limits::kFramesKept) {
    ::operator delete(frame);
    return;
  }
  SizeClass& size_class = pool.classes[index];
  size_class.first = ::new (frame) Free{size_class.first};
  ++size_class.count;
}

}  // namespace causeway::net
