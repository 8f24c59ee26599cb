#include "config/keys.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace causeway::config {

std::string hint(std::string_view word, const std::vector<std::string>& known) {
  const auto near = nearest(word, known);
  if (!near.empty()) return fmt::format("did you mean `{}`?", near);
  if (known.empty()) return "there is none";
  return "known are " + join(known, ", ");
}

void unknown_key(const Member& member, const std::vector<KeyInfo>& known, Findings& findings) {
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const auto& key : known) names.push_back(key.name);
  findings.error(
      "unknown-key", member.place,
      fmt::format("unknown key `{}`; {}", printable(member.key, 60), hint(member.key, names)));
}

void missing_key(const Node& table, const KeyInfo& key, Findings& findings) {
  findings.error("missing-key", table.place,
                 fmt::format("`{}` is missing: {}", key.name, key.text));
}

}  // namespace causeway::config
