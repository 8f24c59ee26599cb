#include "app/heap.hpp"

#include <malloc.h>

namespace causeway::app {
namespace {

// Bytes. What is larger has a mapping of its own and is given back when freed. Unless it is told,
// glibc raises this with the first large block that is freed, and takes the next ones from its
// heap, where small things that live long are in the way: so the heap grows. Of the watch: some
// megabytes of sums a minute, and about 20 KB for each TLS handshake.
constexpr int kMappedByWatch = 16 * 1024;
constexpr int kMappedByEdge = 128 * 1024;  // its buffers come and go too often for a mapping each

}  // namespace

void keep_heap_of_watch() {
  ::mallopt(M_MMAP_THRESHOLD, kMappedByWatch);
  // What a check leaves, one thread makes and another frees: with an arena for each thread, as
  // glibc has it, all of them grow.
  ::mallopt(M_ARENA_MAX, 1);
}

// The edge's threads share nothing: each keeps its arena.
void keep_heap_of_watch_and_edge() { ::mallopt(M_MMAP_THRESHOLD, kMappedByEdge); }

}  // namespace causeway::app
