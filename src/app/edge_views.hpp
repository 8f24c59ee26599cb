// What the console shows of edges: read from their admin listeners, on a thread of its own, while
// somebody looks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "console/desk.hpp"
#include "watch/target.hpp"

namespace causeway::app {

class EdgeViews {
 public:
  explicit EdgeViews(std::vector<watch::EdgePlace> places);
  ~EdgeViews();
  EdgeViews(const EdgeViews&) = delete;
  EdgeViews& operator=(const EdgeViews&) = delete;

  // The newest reading, and a new one is begun when it is old. Waits for the first, a few seconds.
  std::vector<console::EdgeSeen> seen();
  // Of the edge of this name; `to` empty: the pool serves itself again. Waits for the answer.
  console::OrRefused<bool> switch_pool(const std::string& edge, const std::string& from,
                                       const std::string& to, int minutes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Adds what the console can ask of these edges; nothing when there are none.
void add_edges(console::Controls& controls, std::vector<watch::EdgePlace> places);

}  // namespace causeway::app
