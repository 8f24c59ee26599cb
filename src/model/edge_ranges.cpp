#include "model/edge_ranges.hpp"

#include <fmt/format.h>

#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::model {
namespace {

// cloudflare.com/ips and GET /client/v4/ips, unchanged since 2023-09-28.
constexpr std::array kCloudflare{
    "173.245.48.0/20",  "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22",    "141.101.64.0/18",
    "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17",
    "162.158.0.0/15",   "104.16.0.0/13",   "104.24.0.0/14",   "172.64.0.0/13",    "131.0.72.0/22",
    "2400:cb00::/32",   "2606:4700::/32",  "2803:f800::/32",  "2405:b500::/32",   "2405:8100::/32",
    "2a06:98c0::/29",   "2c0f:f248::/32",
};

}  // namespace

bool EdgeRanges::contains(const IpAddress& address) const {
  return causeway::contains(prefixes, address);
}

const EdgeRanges& cloudflare_ranges() {
  static const EdgeRanges ranges = [] {
    EdgeRanges out{"cloudflare", "2023-09-28", {}};
    for (const char* text : kCloudflare) out.prefixes.push_back(Prefix::parse(text).value());
    return out;
  }();
  return ranges;
}

Parsed<EdgeRanges> parse_edge_ranges(std::string_view text, std::string name) {
  EdgeRanges out{std::move(name), "", {}};
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    const auto content = trim(line.substr(0, line.find('#')));
    if (content.empty()) continue;
    auto prefix = Prefix::parse(content);
    if (!prefix) {
      return error(fmt::format("{}:{}:1: {}", out.name, number, prefix.error().text));
    }
    if (out.prefixes.size() >= static_cast<std::size_t>(limits::kEdgePrefixes)) {
      return error(
          fmt::format("{}:{}:1: more than {} prefixes", out.name, number, limits::kEdgePrefixes));
    }
    out.prefixes.push_back(*prefix);
  }
  if (out.prefixes.empty()) {
    return error(
        fmt::format("{}: no prefix found; expected one like 198.51.100.0/24 a line", out.name));
  }
  return out;
}

}  // namespace causeway::model
