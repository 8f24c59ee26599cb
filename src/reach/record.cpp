#include "reach/record.hpp"

#include <fmt/format.h>

namespace causeway::reach {

const model::Observation& Record::add(model::Observation observation) {
  observation.id = fmt::format("o{}", observations_.size() + 1);
  observations_.push_back(std::move(observation));
  if (listener_) listener_(observations_.back());
  return observations_.back();
}

}  // namespace causeway::reach
