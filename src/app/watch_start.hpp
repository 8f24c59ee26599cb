// What `causeway watch` takes from its settings once, at its start: reading the file again (HUP)
// changes the rest.
#pragma once

#include <string>
#include <vector>

#include "watch/target.hpp"

namespace causeway::app {

struct WatchStart {
  std::string listen;
  std::string store;
  std::vector<watch::EdgePlace> edges;
};

// "listen, store": what differs and waits for the next start; empty: nothing.
std::string waits_for_start(const WatchStart& running, const WatchStart& read);

}  // namespace causeway::app
