#include "app/watch_start.hpp"

#include "base/text.hpp"

namespace causeway::app {

std::string waits_for_start(const WatchStart& running, const WatchStart& read) {
  std::vector<std::string> out;
  if (running.listen != read.listen) out.emplace_back("listen");
  if (running.store != read.store) out.emplace_back("store");
  if (running.edges != read.edges) out.emplace_back("edge");
  return join(out, ", ");
}

}  // namespace causeway::app
