// What an agent and a watch say to each other: reading ends in a value or an error, and what was
// read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "watch/agent_wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto report = causeway::watch::agent_report(text);
  if (report) {
    const auto again = causeway::watch::agent_report(causeway::watch::to_json(*report));
    if (!again || again->results.size() != report->results.size()) std::abort();
  }
  const auto answer = causeway::watch::agent_answer(text);
  if (answer && !causeway::watch::agent_answer(causeway::watch::to_json(*answer))) std::abort();
  const auto targets = causeway::watch::agent_targets(text);
  if (targets && !causeway::watch::agent_targets(causeway::watch::agent_targets_json(*targets)))
    std::abort();
  const auto facts = causeway::watch::agent_facts(text);
  if (facts && facts->findings < 0) std::abort();
  return 0;
}
