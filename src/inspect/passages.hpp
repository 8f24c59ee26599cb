#pragma once

#include <cstdint>
#include <string_view>

#include "firewall/proof.hpp"
#include "inspect/view.hpp"

namespace causeway::inspect {

// Why a connection gets in or not, in the judge's terms.
enum class Passing : std::uint8_t {
  accepted,
  dropped,
  rejected,
  answer_dropped,
  invalid_dropped,
  data_dropped,
  reverse_path,
  no_way_back,
  wrong_way_back,
  table_full,
  unclear,
};

Passing passing_of(const firewall::Cause& cause);

// Which fact says so. `others_get_in`: it depends on who asks.
struct FactWords {
  std::string_view what;
  std::string_view value;
};
FactWords fact_of(Passing passing, bool others_get_in);

// False when a ruleset could not be read: then nothing is claimed about any of them.
bool filters_are_known(const View& view);

}  // namespace causeway::inspect
