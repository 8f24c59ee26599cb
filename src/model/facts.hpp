// The document that an inspection of the origin is: what was seen there, and what follows from it
// alone. JSON form: causeway.facts/1 (docs/schema/facts.schema.json).
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "model/diagnosis.hpp"

namespace causeway::model {

struct Facts {
  std::string id;
  WallTime started;
  Duration duration{};
  Vantage vantage;   // the machine's name and addresses
  std::string edge;  // whose ranges were asked about
  std::string edge_date;
  std::vector<std::uint16_t> ports;
  std::vector<Observation> observations;
  std::vector<RankedCause> findings;  // gravest first; probability: how sure each is for itself
  std::vector<Note> notes;
};

// Two blanks a level, ends with a newline. Bytes that are not UTF-8 become U+FFFD.
std::string to_json(const Facts& facts);

}  // namespace causeway::model
