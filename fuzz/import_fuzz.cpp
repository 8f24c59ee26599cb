// Files of other monitors: whatever stands in one, reading it ends in targets that our own reader
// takes, or in an error with its place.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/node.hpp"
#include "watch/config_file.hpp"
#include "watch/import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  const auto out = causeway::watch::import_targets({{"fuzz.yaml", text}});
  if (!out) return out.error().text.empty() ? std::abort(), 0 : 0;
  if (out->targets.empty()) return 0;
  const auto root = causeway::config::parse("[watch]\n" + causeway::watch::toml_of(out->targets));
  if (!root) std::abort();
  const auto read = causeway::watch::read_settings(*root, {.now = {}, .files = false});
  if (!read || read->settings.targets.size() != out->targets.size()) std::abort();
  return 0;
}
