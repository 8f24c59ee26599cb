#include "guard/crowdsec.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "guard/limits.hpp"
#include "guard/web_lists.hpp"

namespace causeway::guard {
namespace {

using nlohmann::json;

std::string text_of(const json& from, const char* key) {
  const auto at = from.find(key);
  if (at == from.end()) return "";
  if (at->is_string()) return at->get<std::string>();
  return at->is_number_integer() ? std::to_string(at->get<std::int64_t>()) : "";
}

// Words of a command line: nothing that could be taken for a flag.
bool plain(std::string_view word) { return !word.empty() && !word.starts_with('-'); }

}  // namespace

std::vector<Decision> decisions_within(std::string_view listing,
                                       const std::vector<Prefix>& ranges) {
  std::vector<Decision> out;
  const auto all = json::parse(listing, nullptr, false);
  if (!all.is_array()) return out;
  for (const auto& alert : all) {
    if (!alert.is_object()) continue;
    const auto decisions = alert.find("decisions");
    if (decisions == alert.end() || !decisions->is_array()) continue;
    for (const auto& one : *decisions) {
      if (!one.is_object() || out.size() >= limits::kDecisions) continue;
      Decision found{text_of(one, "id"),   text_of(one, "scope"),    text_of(one, "value"),
                     text_of(one, "type"), text_of(one, "scenario"), text_of(one, "duration")};
      const auto source = Prefix::parse(found.value);
      if (!source || !inside_any(*source, ranges) || !plain(found.id)) continue;
      const bool whole = plain(found.scope) && plain(found.type) && plain(found.duration);
      if (!whole) continue;
      if (!plain(found.reason)) found.reason = "manual";
      if (std::ranges::find(out, found) == out.end()) out.push_back(std::move(found));
    }
  }
  return out;
}

}  // namespace causeway::guard
