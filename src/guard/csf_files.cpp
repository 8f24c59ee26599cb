#include "guard/csf_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "guard/web_lists.hpp"
#include "inspect/bans.hpp"

namespace causeway::guard {
namespace {

constexpr std::string_view kNote = "# causeway guard";
constexpr std::size_t kPortsOfFilter = 15;  // readme.txt, "Advanced Allow/Deny Filters"

}  // namespace

std::vector<Edit> csf_allow(const std::vector<Prefix>& ranges,
                            const std::vector<std::uint16_t>& ports) {
  Edit edit;
  for (const auto& range : ranges) {
    for (std::size_t at = 0; at < ports.size(); at += kPortsOfFilter) {
      const auto end = std::min(ports.size(), at + kPortsOfFilter);
      edit.lines.push_back(
          fmt::format("tcp|in|d={}|s={} {}",
                      fmt::join(ports.begin() + static_cast<std::ptrdiff_t>(at),
                                ports.begin() + static_cast<std::ptrdiff_t>(end), ","),
                      range.text(), kNote));
    }
  }
  if (edit.lines.empty()) return {};
  return {std::move(edit)};
}

std::vector<Edit> csf_ignore(const std::vector<Prefix>& ranges) {
  Edit edit;
  for (const auto& range : ranges) {
    edit.lines.push_back(fmt::format("{} {}", range.text(), kNote));
  }
  if (edit.lines.empty()) return {};
  return {std::move(edit)};
}

std::vector<Edit> csf_deny(std::string_view text, const std::vector<Prefix>& ranges) {
  std::vector<Edit> out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = text.find('\n', at);
    const auto size = (end == std::string_view::npos ? text.size() : end + 1) - at;
    const auto denied = inspect::parse_deny_file(text.substr(at, size), "csf.deny");
    // A filter of its own ("tcp|in|d=22|s=...") says more than who: it stays.
    const bool filter = text.substr(at, size).find('|') != std::string_view::npos;
    const bool of_the_edge =
        !filter && !denied.empty() && std::ranges::all_of(denied, [&](const auto& ban) {
          return inside_any(ban.source, ranges);
        });
    if (of_the_edge) out.push_back({.at = at, .replaced = size, .lines = {}});
    at += size;
  }
  return out;
}

}  // namespace causeway::guard
