#include "config/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace causeway::config {

std::string hint(std::string_view word, const std::vector<std::string>& known) {
  const auto near = nearest(word, known);
  if (!near.empty()) return fmt::format("did you mean `{}`?", near);
  if (known.empty()) return "there is none";
  return "known are " + join(known, ", ");
}

namespace {

// Words that people bring along from the console, and what the file calls the same.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOtherWords{
    {{"group", "team"}, {"groups", "teams"}}};

std::string key_hint(std::string_view word, const std::vector<std::string>& known) {
  for (const auto& [theirs, ours] : kOtherWords) {
    const bool there = std::ranges::find(known, ours) != known.end();
    if (word == theirs && there) return fmt::format("did you mean `{}`?", ours);
  }
  return hint(word, known);
}

}  // namespace

void unknown_key(const Member& member, const std::vector<KeyInfo>& known, Findings& findings) {
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const auto& key : known) names.push_back(key.name);
  findings.error(
      "unknown-key", member.place,
      fmt::format("unknown key `{}`; {}", printable(member.key, 60), key_hint(member.key, names)));
}

void missing_key(const Node& table, const KeyInfo& key, Findings& findings) {
  findings.error("missing-key", table.place,
                 fmt::format("`{}` is missing: {}", key.name, key.text));
}

}  // namespace causeway::config
