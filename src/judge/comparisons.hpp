// What derive() can say: the names of the comparisons and the closed list of their results. Rules
// may ask only for these (a test reads both).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "judge/scene.hpp"

namespace causeway::judge {

struct ComparisonRow {
  std::string_view what;
  std::string_view results;  // separated by blanks
  std::string_view meaning;
};

std::span<const ComparisonRow> comparison_rows();

// Collects the comparisons and numbers them after the observations they were made from.
class Comparisons {
 public:
  explicit Comparisons(const Scene& scene);

  const Scene& scene() const { return scene_; }
  void add(std::string_view what, std::string_view result, std::string_view address,
           std::string detail, const std::vector<Seen>& from);
  std::vector<model::Observation> take() { return std::move(made_); }

 private:
  const Scene& scene_;
  int last_id_ = 0;
  std::vector<model::Observation> made_;
};

void compare_names(Comparisons& out);                               // derive_dns.cpp
void compare_path(Comparisons& out, const std::string& address);    // derive_path.cpp
void compare_others(Comparisons& out, const std::string& address);  // derive_others.cpp
void compare_stream(Comparisons& out, const std::string& address);  // derive_stream.cpp
void compare_load(Comparisons& out, const std::string& address);    // derive_load.cpp
void compare_origin(Comparisons& out, const std::string& address);  // derive_origin.cpp
void compare_edge(Comparisons& out);                                // derive_edge.cpp

// The last of our observations of `kind` about `address` whose `field` is `value`, or null.
Seen find_ours(const Scene& scene, model::Kind kind, std::string_view address,
               std::string_view field, std::string_view value);
// Our main connection attempt to the address, or null.
Seen main_connect(const Scene& scene, std::string_view address);

}  // namespace causeway::judge
