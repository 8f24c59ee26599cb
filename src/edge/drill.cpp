#include "edge/drill.hpp"

namespace causeway::edge {

const Drill* drill_for(std::span<const Drill> drills, std::string_view host, std::string_view path,
                       std::uint64_t chance, Instant now) {
  for (const auto& drill : drills) {
    if (now >= drill.until || !path.starts_with(drill.path)) continue;
    if (!drill.host.empty() && drill.host != host) continue;
    if (static_cast<int>(chance % 100) < drill.percent) return &drill;
  }
  return nullptr;
}

}  // namespace causeway::edge
