// Pages of strangers, as a plan compares them: read to the end, and equal to themselves.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plan/page.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace plan = causeway::plan;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto lines = plan::page_lines(text);
  if (!plan::line_differences(lines, lines).empty()) std::abort();
  static_cast<void>(plan::line_differences(lines, {}));
  for (const auto& path : plan::page_links(text, "https://www.example.net/a/b", "www.example.net")) {
    if (!path.starts_with('/')) std::abort();
  }
  static_cast<void>(plan::page_hints(text, {{"Set-Cookie", std::string{text}}}));
  return 0;
}
