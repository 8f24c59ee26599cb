#include "edge/scratch.hpp"

#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

// What a large request made grow is not kept.
constexpr std::size_t kKeptBytes = 2 * limits::kReadBuffer;

struct FreeList {
  std::vector<Scratch*> items;
  ~FreeList() {
    for (Scratch* scratch : items) delete scratch;
  }
};

thread_local FreeList free_list;

template <class T>
void clear(T& bytes) {
  if (bytes.capacity() > kKeptBytes) {
    T{}.swap(bytes);
  } else {
    bytes.clear();
  }
}

}  // namespace

ScratchPtr take_scratch() {
  if (free_list.items.empty()) {
    auto made = std::make_unique<Scratch>();
    made->in.resize(limits::kReadBuffer);
    return ScratchPtr{made.release()};
  }
  ScratchPtr out{free_list.items.back()};
  free_list.items.pop_back();
  return out;
}

void GiveScratch::operator()(Scratch* scratch) const noexcept {
  if (free_list.items.size() >= limits::kScratchesKept) {
    delete scratch;
    return;
  }
  scratch->begin = scratch->end = 0;
  if (scratch->in.size() > kKeptBytes) {
    std::vector<char>(limits::kReadBuffer).swap(scratch->in);
  }
  std::vector<char>{}.swap(scratch->body_in);
  scratch->body_begin = scratch->body_end = 0;
  clear(scratch->out);
  scratch->out_sent = 0;
  clear(scratch->origin_out);
  clear(scratch->joined);
  scratch->story.restart();
  free_list.items.push_back(scratch);
}

std::span<std::byte> shared_buffer() {
  thread_local std::vector<std::byte> buffer(limits::kEdgeSharedBuffer);
  return buffer;
}

}  // namespace causeway::edge
