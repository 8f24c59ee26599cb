// Matches of iptables: how much, how often, when.
#include <fmt/format.h>

#include <array>

#include "firewall/bytes.hpp"
#include "firewall/constants.hpp"
#include "firewall/load_tables.hpp"

namespace causeway::firewall {
namespace {

bool read_rate(std::string_view word, Limit& step) {
  const auto slash = word.find('/');
  if (slash == std::string_view::npos) return false;
  auto amount = word.substr(0, slash);
  step.unit = "packets";
  while (!amount.empty() && (amount.back() < '0' || amount.back() > '9')) {
    step.unit = amount.back() == 'b' ? "bytes" : "kbytes";
    amount.remove_suffix(1);
  }
  const auto rate = number_word(amount);
  if (!rate) return false;
  step.rate = static_cast<std::uint64_t>(*rate);
  step.per = word.substr(slash + 1);
  if (step.per == "sec" || step.per == "s") step.per = "second";
  if (step.per == "min") step.per = "minute";
  return true;
}

}  // namespace

bool MatchReader::limit() {
  Limit step;
  const auto word = module_.word("--limit");
  if (!read_rate(word, step)) return false;
  step.burst = 5;  // xt_limit's default
  if (const auto burst = number_word(module_.word("--limit-burst"))) {
    step.burst = static_cast<std::uint64_t>(*burst);
  }
  step.key = "all clients together";
  step.global = true;
  out_.emplace_back(std::move(step));
  return true;
}

bool MatchReader::hashlimit() {
  Limit step;
  const auto above = module_.word("--hashlimit-above");
  step.over = !above.empty();
  if (!read_rate(step.over ? above : module_.word("--hashlimit-upto"), step)) return false;
  step.burst = 5;
  if (const auto burst = number_word(module_.word("--hashlimit-burst"))) {
    step.burst = static_cast<std::uint64_t>(*burst);
  }
  const auto mode = module_.word("--hashlimit-mode");
  step.global = mode.find("srcip") == std::string_view::npos;
  step.key = step.global ? "all clients together" : "each source address";
  const auto mask = module_.word("--hashlimit-srcmask");
  if (!step.global && !mask.empty()) step.key = fmt::format("each source /{}", mask);
  out_.emplace_back(std::move(step));
  return true;
}

bool MatchReader::recent() {
  Recent step;
  const std::array<std::pair<std::string_view, Recent::Op>, 4> kOps{{
      {"--set", Recent::Op::set},
      {"--rcheck", Recent::Op::check},
      {"--update", Recent::Op::update},
      {"--remove", Recent::Op::remove},
  }};
  bool found = false;
  for (const auto& [name, op] : kOps) {
    if (const auto* option = module_.find(name)) {
      step.op = op;
      step.negated = option->negated;
      found = true;
    }
  }
  step.list = module_.word("--name");
  step.by_target = module_.find("--rdest") != nullptr;
  step.same_ttl = module_.find("--rttl") != nullptr;
  if (const auto mask = address_range(module_.word("--mask"), family_)) step.mask = mask->first;
  if (const auto n = number_word(module_.word("--seconds"))) {
    step.seconds = static_cast<std::uint32_t>(*n);
  }
  if (const auto n = number_word(module_.word("--hitcount"))) {
    step.hits = static_cast<std::uint32_t>(*n);
  }
  out_.emplace_back(std::move(step));
  return found;
}

bool MatchReader::connlimit() {
  track();
  Limit step;
  step.kind = Limit::Kind::connections;
  step.over = module_.find("--connlimit-above") != nullptr;
  const auto* option = module_.find(step.over ? "--connlimit-above" : "--connlimit-upto");
  if (option == nullptr) return false;
  const auto most = number_word(first_word(*option));
  if (!most) return false;
  step.over = step.over != option->negated;
  step.rate = static_cast<std::uint64_t>(*most);
  const auto mask = module_.word("--connlimit-mask");
  const bool by_target = module_.find("--connlimit-daddr") != nullptr;
  step.global = by_target || mask == "0";
  step.key = step.global                                     ? "all clients together"
             : mask == "32" || mask == "128" || mask.empty() ? "each source address"
                                                             : fmt::format("each source /{}", mask);
  out_.emplace_back(std::move(step));
  return true;
}

bool MatchReader::tcpmss() {
  const auto* option = module_.find("--mss");
  if (option == nullptr) return false;
  const auto range = number_range(first_word(*option));
  if (!range) return false;
  Compare step = compare(Field::mss, IntervalSet{*range}, option->negated);
  step.absent_misses = false;  // without the option, "! --mss" matches
  return add(std::move(step));
}

bool MatchReader::statistic() {
  const auto chance = module_.word("--probability");
  if (chance == "0.00000000000") {
    out_.emplace_back(Never{});
    return true;
  }
  if (chance == "1.00000000000" || module_.word("--every") == "1") return true;
  return unknown(kWhyChance);
}

bool MatchReader::length() {
  const auto* option = module_.find("--length");
  if (option == nullptr) return false;
  const auto range = number_range(first_word(*option));
  if (!range) return false;
  return add(compare(Field::length, IntervalSet{*range}, option->negated));
}

bool MatchReader::ttl() {
  if (module_.options.size() != 1) return false;
  const auto& option = module_.options.front();
  const auto number = number_word(first_word(option));
  if (!number) return false;
  Interval range{*number, *number};
  if (option.name.ends_with("-lt")) {
    if (*number == 0) return false;
    range = {0, *number - 1};
  }
  if (option.name.ends_with("-gt")) range = {*number + 1, 255};
  return add(compare(Field::ttl, IntervalSet{range}, option.negated));
}

bool MatchReader::dscp() {
  const auto* option = module_.find("--dscp");
  if (option == nullptr) return false;
  const auto number = number_word(first_word(*option));
  if (!number) return false;
  return add(compare(Field::dscp, IntervalSet{*number}, option->negated));
}

bool MatchReader::tos() {
  const auto* option = module_.find("--tos");
  if (option == nullptr) return false;
  auto value = masked_number(first_word(*option));
  if (!value) return false;
  Compare step = compare(Field::dscp, IntervalSet{value->value & 0xffU}, option->negated);
  step.term.mask = value->mask & 0xffU;
  return add(std::move(step));
}

bool MatchReader::time() {
  for (const auto& option : module_.options) {
    // The end of xt_time's calendar is no limit.
    if (option.name == "--datestop" && first_word(option).starts_with("2038-01-19")) continue;
    if (option.name == "--kerneltz" || option.name == "--contiguous") continue;
    return unknown(kWhyClock);
  }
  return true;
}

bool MatchReader::string() {
  Compare step = compare(Field::tcp_flags, IntervalSet{Key{0}}, true);
  step.term.mask = kPsh;
  bool negated = false;
  for (const auto& option : module_.options) negated |= option.negated;
  if (negated) return unknown(kWhyContent);
  add(std::move(step));
  return unknown(kWhyContent);
}

bool MatchReader::connbytes() {
  track();
  const auto* option = module_.find("--connbytes");
  if (option == nullptr) return false;
  const auto range = number_range(first_word(*option));
  if (!range) return false;
  const auto mode = module_.word("--connbytes-mode");
  if (mode != "packets" && mode != "bytes") return unknown("depends on how much was sent");
  return add(compare(mode == "packets" ? Field::ct_packets : Field::ct_bytes, IntervalSet{*range},
                     option->negated));
}

bool MatchReader::quota() {
  const auto* option = module_.find("--quota");
  if (option == nullptr) return false;
  const auto most = number_word(first_word(*option));
  if (!most) return false;
  Limit step;
  step.kind = Limit::Kind::quota;
  step.over = option->negated;
  step.rate = static_cast<std::uint64_t>(*most);
  step.unit = "bytes";
  step.key = "all clients together";
  step.global = true;
  out_.emplace_back(std::move(step));
  return true;
}

bool MatchReader::u32() {
  const auto* option = module_.find("--u32");
  if (option == nullptr) return false;
  U32Match step;
  if (!parse_u32(first_word(*option), step)) return false;
  step.negated = option->negated;
  out_.emplace_back(std::move(step));
  return true;
}

}  // namespace causeway::firewall
