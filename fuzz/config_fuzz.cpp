// Any bytes as a configuration file: read or refused with a place inside the text, never more.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/section.hpp"
#include "edge/config_file.hpp"

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace config = causeway::config;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  config::Findings findings;
  const auto root = config::parse(text);
  if (!root) {
    findings.add(root.error());
  } else {
    const config::Section sections[] = {causeway::edge::config_section()};
    config::check(*root, sections, {.now = {}, .files = false}, findings);
  }
  for (const auto& finding : findings.sorted()) {
    require(!finding.text.empty());
    require(finding.place.line >= 0 && finding.place.column >= 0);
  }
  static_cast<void>(config::text(findings, "f"));
  static_cast<void>(config::json(findings, "f"));
  static_cast<void>(config::sarif(findings, "f", "0"));
  return 0;
}
