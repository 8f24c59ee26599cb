#include "guard/refresh.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.hpp"

namespace causeway::guard {
namespace {

constexpr unsigned kWidest4 = 8;
constexpr unsigned kWidest6 = 16;

Parsed<void> add_ranges(const nlohmann::json& result, const char* member, bool v4,
                        std::vector<Prefix>& out) {
  const auto list = result.find(member);
  if (list == result.end() || !list->is_array() || list->empty()) {
    return error(fmt::format("the answer has no \"{}\"", member));
  }
  for (const auto& one : *list) {
    if (!one.is_string()) return error(fmt::format("\"{}\" holds something else", member));
    const auto prefix = Prefix::parse(one.get<std::string>());
    if (!prefix || prefix->address().is_v4() != v4) {
      return error(fmt::format("\"{}\" holds something that is no range", member));
    }
    if (prefix->length() < (v4 ? kWidest4 : kWidest6)) {
      return error(
          fmt::format("\"{}\" holds a range wider than any edge's: {}", member, prefix->text()));
    }
    if (out.size() >= static_cast<std::size_t>(limits::kEdgePrefixes)) {
      return error(fmt::format("more than {} ranges", limits::kEdgePrefixes));
    }
    out.push_back(*prefix);
  }
  return {};
}

}  // namespace

Parsed<Published> parse_cloudflare_ips(std::string_view json) {
  const auto document = nlohmann::json::parse(json, nullptr, false);
  if (!document.is_object() || !document.contains("result") || !document["result"].is_object()) {
    return error("the answer has no \"result\"");
  }
  const auto& result = document["result"];
  Published out{{"cloudflare", "", {}}, ""};
  if (const auto tag = result.find("etag"); tag != result.end() && tag->is_string()) {
    out.etag = tag->get<std::string>();
  }
  for (const auto& [member, v4] : {std::pair{"ipv4_cidrs", true}, std::pair{"ipv6_cidrs", false}}) {
    if (auto done = add_ranges(result, member, v4, out.ranges.prefixes); !done) {
      return error(done.error().text);
    }
  }
  return out;
}

}  // namespace causeway::guard
