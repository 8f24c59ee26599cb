// Documents of a provider, of a registry and of a store: whatever they hold, they are refused or
// read, and what was read is written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reach/registry.hpp"
#include "zone/api.hpp"
#include "zone/change.hpp"
#include "zone/export.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  namespace zone = causeway::zone;
  if (const auto answer = zone::read_answer(200, text)) {
    static_cast<void>(zone::read_zones(answer->result));
    static_cast<void>(zone::read_setting(answer->result));
    if (const auto records = zone::read_records(answer->result)) {
      for (const auto& record : *records) static_cast<void>(zone::writable_json(record));
    }
  }
  static_cast<void>(causeway::reach::read_rdap(text, "fuzz"));
  static_cast<void>(zone::parse_change(text, "fuzz"));
  if (const auto snapshot = zone::parse_snapshot(text, "fuzz")) {
    static_cast<void>(zone::to_bind(*snapshot));
    static_cast<void>(zone::to_octodns(*snapshot));
    if (!zone::parse_snapshot(zone::to_json(*snapshot), "again")) std::abort();
  }
  return 0;
}
