// Documents given to --with: whatever a stranger writes into one, reading it ends in a Document or
// an Error, and what was read can be written again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto read = causeway::model::parse_document(text, "fuzz.json");
  if (!read) return read.error().text.empty() ? std::abort(), 0 : 0;
  causeway::model::Diagnosis diagnosis;
  diagnosis.vantage = read->vantage;
  diagnosis.attempts = read->attempts;
  diagnosis.observations = read->observations;
  const auto again =
      causeway::model::parse_document(causeway::model::to_json(diagnosis), "again.json");
  if (!again || again->observations.size() != read->observations.size() ||
      again->attempts.size() != read->attempts.size()) {
    std::abort();
  }
  return 0;
}
