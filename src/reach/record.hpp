// Where sensors put what they saw, in the order they saw it.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "model/observation.hpp"

namespace causeway::reach {

class Record {
 public:
  // Called for each observation as it comes (live progress). May be empty.
  using Listener = std::function<void(const model::Observation&)>;

  explicit Record(Listener listener = {}) : listener_(std::move(listener)) {}

  // Gives the observation its id ("o1", "o2" ...) and keeps it. The reference holds until the next
  // add(): take the id, not the address.
  const model::Observation& add(model::Observation observation);

  const std::vector<model::Observation>& observations() const { return observations_; }
  std::vector<model::Observation> take() { return std::move(observations_); }

 private:
  Listener listener_;
  std::vector<model::Observation> observations_;
};

}  // namespace causeway::reach
