// Where analyzers put what they saw and what follows from it.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "model/observation.hpp"

namespace causeway::inspect {

class Notes {
 public:
  Notes(std::string vantage, WallTime at) : vantage_(std::move(vantage)), at_(at) {}

  // Both stay valid while others are added.
  model::Observation& saw(model::Kind kind, std::string subject);
  // A fact that follows from the observations `from`.
  model::Observation& fact(std::string_view what, std::string_view value,
                           const std::vector<std::string>& from = {});

  const std::deque<model::Observation>& all() const { return all_; }
  std::vector<model::Observation> take();

 private:
  std::string vantage_;
  WallTime at_;
  std::deque<model::Observation> all_;
};

}  // namespace causeway::inspect
