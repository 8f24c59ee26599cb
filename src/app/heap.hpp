// How glibc keeps the memory of a process that watches: so that one which runs for months does not
// grow by the hour (mallopt(3)). Before any thread. Figures: docs/benchmarks.md, "An hour of a
// watch".
#pragma once

namespace causeway::app {

void keep_heap_of_watch();
void keep_heap_of_watch_and_edge();

}  // namespace causeway::app
