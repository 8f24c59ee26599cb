#include "codec/nft_bytecode.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::codec {
namespace {

// The number in "[ cmp eq reg 1 0x00000002 ]".
std::optional<std::uint32_t> number_compared(std::string_view expression) {
  constexpr std::string_view kBefore = "[ cmp eq reg 1 0x";
  if (!expression.starts_with(kBefore) || !expression.ends_with(" ]")) return std::nullopt;
  expression.remove_prefix(kBefore.size());
  expression.remove_suffix(2);
  std::uint32_t out = 0;
  const char* end = expression.data() + expression.size();
  const auto read = std::from_chars(expression.data(), end, out, 16);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return out;
}

// What a register holds when it is compared.
enum class Loaded { other, family, ether_type, connection_family, connection_protocol };

Loaded loaded_by(std::string_view expression) {
  if (expression == "[ meta load nfproto => reg 1 ]") return Loaded::family;
  if (expression == "[ meta load protocol => reg 1 ]") return Loaded::ether_type;
  if (expression == "[ ct load l3protocol => reg 1 ]") return Loaded::connection_family;
  if (expression == "[ ct load protocol => reg 1 ]") return Loaded::connection_protocol;
  return Loaded::other;
}

void ask_for(std::optional<std::uint8_t>& asked, std::uint32_t number) {
  const auto value = static_cast<std::uint8_t>(number);
  asked = asked && *asked != value ? NftHidden::kNever : value;
}

void note_asked(Loaded what, std::uint32_t number, NftHidden& out) {
  constexpr std::uint32_t kEtherIpv4 = 0x0008;  // ETH_P_*, as it is sent
  constexpr std::uint32_t kEtherIpv6 = 0xdd86;
  switch (what) {
    case Loaded::family: return ask_for(out.family, number);
    case Loaded::ether_type:
      if (number == kEtherIpv4) ask_for(out.family, NftHidden::kIpv4);
      if (number == kEtherIpv6) ask_for(out.family, NftHidden::kIpv6);
      return;
    case Loaded::connection_family: return ask_for(out.connection_family, number);
    case Loaded::connection_protocol: return ask_for(out.connection_protocol, number);
    case Loaded::other: return;
  }
}

// Follows one rule's comparisons that are not for equality.
class RangeWatch {
 public:
  void begin() { *this = {}; }

  // True: this comparison and the one before it are two questions that nft lists as one range.
  bool merges(std::string_view expression) {
    if (expression.starts_with("[ byteorder ")) return false;
    if (!expression.starts_with("[ cmp ")) {
      loaded_ = expression.find(" load ") == expression.npos ? std::string_view{} : expression;
      fresh_ = true;
      if (loaded_.empty()) compared_ = {};
      return false;
    }
    const auto word = expression.substr(6, expression.find(' ', 6) - 6);
    const bool outside = compared_ == "lt" && word == "gt";
    const bool inside = compared_ == "gte" && word == "lte" && loaded_ != before_;
    const bool out = fresh_ && (outside || inside);
    compared_ = loaded_.empty() ? std::string_view{} : word;
    before_ = loaded_;
    fresh_ = false;
    return out;
  }

 private:
  std::string_view loaded_;    // what the register holds
  std::string_view before_;    // what it held at the comparison before
  std::string_view compared_;  // how that was compared
  bool fresh_ = false;         // loaded since
};

}  // namespace

bool NftHidden::nothing() const {
  return !family && !connection_family && !connection_protocol && !merged;
}

NftHidden unlisted(const NftHidden& asked, const NftListed& listed) {
  NftHidden out = asked;
  const bool never = asked.family == NftHidden::kNever;
  if (!never && (listed.one_family || !listed.resets)) out.family.reset();
  if (listed.asks_l3proto) out.connection_family.reset();
  if (listed.asks_protocol) out.connection_protocol.reset();
  return out;
}

NftBytecode parse_nft_bytecode(std::string_view text) {
  NftBytecode all;
  NftHiddenByRule& out = all.hidden;
  std::string rule;
  Loaded loaded = Loaded::other;  // by the line before
  RangeWatch ranges;
  for (const auto line : split(text, '\n')) {
    if (all.rules.size() > limits::kRulesetElements) break;
    if (line.empty()) continue;
    if (line.front() != ' ' && line.front() != '\t') {
      const auto words = split(line, ' ');  // family table chain handle [position]
      rule.clear();
      if (words.size() >= 4) {
        rule = fmt::format("{} {} {} {}", words[0], words[1], words[2], words[3]);
        all.rules.insert(rule);
      }
      loaded = Loaded::other;
      ranges.begin();
      continue;
    }
    const auto expression = trim(line);
    const auto number = number_compared(expression);
    if (number && loaded != Loaded::other && !rule.empty()) {
      note_asked(loaded, *number, out[rule]);
    }
    if (ranges.merges(expression) && !rule.empty()) out[rule].merged = true;
    loaded = loaded_by(expression);
  }
  std::erase_if(out, [](const auto& entry) { return entry.second.nothing(); });
  return all;
}

}  // namespace causeway::codec
