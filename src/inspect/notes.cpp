#include "inspect/notes.hpp"

#include <fmt/format.h>

#include <iterator>

namespace causeway::inspect {

model::Observation& Notes::saw(model::Kind kind, std::string subject) {
  auto& out = all_.emplace_back(kind, "inspect", std::move(subject));
  out.id = fmt::format("o{}", all_.size());
  out.vantage = vantage_;
  out.at = at_;
  return out;
}

model::Observation& Notes::fact(std::string_view what, std::string_view value,
                                const std::vector<std::string>& from) {
  auto& out = saw(model::Kind::fact, vantage_);
  out.set("what", what).set("value", value);
  if (!from.empty()) out.set("from", from);
  return out;
}

std::vector<model::Observation> Notes::take() {
  return {std::make_move_iterator(all_.begin()), std::make_move_iterator(all_.end())};
}

}  // namespace causeway::inspect
