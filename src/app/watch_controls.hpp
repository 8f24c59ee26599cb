// What the console can make a running watch do.
#pragma once

#include "console/desk.hpp"
#include "watch/watcher.hpp"

namespace causeway::app {

// `watcher` and its store must outlive the console.
console::Controls watch_controls(watch::Watcher& watcher, store::Store& store);

}  // namespace causeway::app
