#include "codec/ruleset_tables.hpp"

#include <fmt/format.h>

#include <charconv>
#include <unordered_map>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::codec {
namespace {

struct Word {
  std::string text;
  bool quoted = false;
};

// Words as iptables-save quotes them: "..." with \" and \\ inside.
bool split_words(std::string_view line, std::vector<Word>& out) {
  out.clear();
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ' || line[at] == '\t') {
      ++at;
      continue;
    }
    if (out.size() >= limits::kRulesetWords) return false;
    Word word;
    while (at < line.size() && line[at] != ' ' && line[at] != '\t') {
      if (line[at] != '"') {
        word.text.push_back(line[at++]);
        continue;
      }
      word.quoted = true;
      ++at;
      while (at < line.size() && line[at] != '"') {
        if (line[at] == '\\' && at + 1 < line.size()) ++at;
        word.text.push_back(line[at++]);
      }
      if (at >= line.size()) return false;
      ++at;
    }
    out.push_back(std::move(word));
  }
  return true;
}

bool read_number(std::string_view text, std::uint64_t& out) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

// "[12:3456]"
bool read_counters(std::string_view text, std::uint64_t& packets, std::uint64_t& bytes) {
  if (text.size() < 5 || text.front() != '[' || text.back() != ']') return false;
  text = text.substr(1, text.size() - 2);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  return read_number(text.substr(0, colon), packets) && read_number(text.substr(colon + 1), bytes);
}

bool is_option(const Word& word) {
  if (word.quoted || word.text.size() < 2 || word.text[0] != '-') return false;
  return word.text[1] == '-' || word.text.size() == 2;
}

bool is_basic(std::string_view name) {
  return name == "-s" || name == "-d" || name == "-i" || name == "-o" || name == "-p" ||
         name == "-f";
}

// One "-A ..." line, its words already split.
class RuleReader {
 public:
  RuleReader(std::vector<Word>& words, TablesRule& rule) : words_(words), rule_(rule) {}

  bool read(std::size_t first) {
    at_ = first;
    if (at_ + 1 >= words_.size() || words_[at_].text != "-A") return false;
    rule_.chain = std::move(words_[at_ + 1].text);
    at_ += 2;
    bool negated = false;
    while (at_ < words_.size()) {
      if (!words_[at_].quoted && words_[at_].text == "!") {
        negated = true;
        ++at_;
        continue;
      }
      if (!is_option(words_[at_])) return false;
      if (!option(negated)) return false;
      negated = false;
    }
    return !negated;
  }

 private:
  bool option(bool negated) {
    const std::string name = words_[at_++].text;
    if (name == "-m" || name == "-j" || name == "-g") {
      if (negated || at_ >= words_.size()) return false;
      return module(name, std::move(words_[at_++].text));
    }
    TablesOption out{negated, name, {}};
    while (at_ < words_.size() && !is_option(words_[at_]) &&
           (words_[at_].quoted || words_[at_].text != "!")) {
      out.words.push_back(std::move(words_[at_++].text));
    }
    if (is_basic(name)) {
      rule_.basics.push_back(std::move(out));
    } else if (in_target_) {
      rule_.target.options.push_back(std::move(out));
    } else if (!rule_.matches.empty()) {
      rule_.matches.back().options.push_back(std::move(out));
    } else {
      return false;
    }
    return true;
  }

  bool module(std::string_view name, std::string word) {
    if (name == "-m") {
      rule_.matches.push_back({std::move(word), {}});
      return !in_target_;
    }
    if (in_target_) return false;
    in_target_ = true;
    rule_.target.name = std::move(word);
    rule_.go_to = name == "-g";
    return true;
  }

  std::vector<Word>& words_;
  TablesRule& rule_;
  std::size_t at_ = 0;
  bool in_target_ = false;
};

class TablesReader {
 public:
  Parsed<TablesDump> read(std::string_view text) {
    std::size_t number = 0;
    std::size_t rules = 0;
    while (!text.empty()) {
      const auto end = text.find('\n');
      const auto line = trim(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
      ++number;
      if (line.empty() || line == "COMMIT") continue;
      if (line.front() == '[' || line.front() == '-') ++rules;
      if (rules > limits::kRulesetRules) {
        return error(fmt::format("line {}: more than {} rules", number, limits::kRulesetRules));
      }
      if (!take(line) && dump_.skipped.size() < limits::kTextKept) {
        dump_.skipped.push_back(
            fmt::format("line {}: {}", number, printable(line, limits::kTextKept)));
      }
    }
    return std::move(dump_);
  }

 private:
  bool take(std::string_view line) {
    switch (line.front()) {
      // "# Table `x' is incompatible, use 'nft' tool." is the one comment that says something.
      case '#': return line.find("incompatible") == std::string_view::npos;
      case '*': dump_.tables.push_back({std::string{line.substr(1)}, {}, {}}); return true;
      case ':': return chain(line.substr(1));
      default: return rule(line);
    }
  }

  bool chain(std::string_view line) {
    if (dump_.tables.empty()) return false;
    const auto parts = split(line, ' ');
    if (parts.size() < 2) return false;
    TablesChain out{std::string{parts[0]}, std::string{parts[1]}, 0};
    std::uint64_t bytes = 0;
    if (parts.size() > 2 && !read_counters(parts[2], out.packets, bytes)) return false;
    dump_.tables.back().chains.push_back(std::move(out));
    return true;
  }

  bool rule(std::string_view line) {
    if (dump_.tables.empty() || !split_words(line, words_) || words_.empty()) return false;
    TablesRule out;
    std::size_t first = 0;
    if (read_counters(words_[0].text, out.packets, out.bytes)) {
      first = 1;
      line = trim(line.substr(line.find(']') + 1));
    }
    out.text = line;
    if (!RuleReader{words_, out}.read(first)) {
      // The rule's place must not be lost: what it does is unknown, that it is there is known.
      if (out.chain.empty()) return false;
      out.basics.clear();
      out.matches = {{"?", {}}};
      out.target = {"?", {}};
      dump_.tables.back().rules.push_back(std::move(out));
      return false;
    }
    dump_.tables.back().rules.push_back(std::move(out));
    return true;
  }

  TablesDump dump_;
  std::vector<Word> words_;
};

bool create_set(const std::vector<std::string_view>& words, Ipset& set) {
  if (words.size() < 3) return false;
  set.name = words[1];
  set.type = words[2];
  for (std::size_t i = 3; i + 1 < words.size(); ++i) {
    if (words[i] == "family") set.ipv6 = words[i + 1] == "inet6";
    if (words[i] == "netmask") {
      std::uint64_t length = 0;
      if (!read_number(words[i + 1], length) || length > 128) return false;
      set.netmask = static_cast<int>(length);
    }
    if (words[i] == "bitmask") set.odd_mask = true;
  }
  return true;
}

}  // namespace

const TablesOption* TablesModule::find(std::string_view option) const {
  for (const auto& one : options) {
    if (one.name == option) return &one;
  }
  return nullptr;
}

std::string_view TablesModule::word(std::string_view option, std::size_t index) const {
  const auto* found = find(option);
  if (found == nullptr || index >= found->words.size()) return {};
  return found->words[index];
}

Parsed<TablesDump> parse_tables_save(std::string_view text) {
  if (text.size() > limits::kRulesetBytes) {
    return error(fmt::format("{} bytes; expected at most {}", text.size(), limits::kRulesetBytes));
  }
  return TablesReader{}.read(text);
}

Parsed<IpsetDump> parse_ipset_save(std::string_view text) {
  if (text.size() > limits::kRulesetBytes) {
    return error(fmt::format("{} bytes; expected at most {}", text.size(), limits::kRulesetBytes));
  }
  IpsetDump dump;
  std::unordered_map<std::string, std::size_t> places;
  std::size_t number = 0;
  std::size_t last = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const auto words = split(line, ' ');
    bool taken = false;
    if (words[0] == "create") {
      Ipset set;
      taken = create_set(words, set);
      if (taken && places.emplace(set.name, dump.sets.size()).second) {
        last = dump.sets.size();
        dump.sets.push_back(std::move(set));
      }
    } else if (words[0] == "add" && words.size() >= 3) {
      if (last >= dump.sets.size() || dump.sets[last].name != words[1]) {
        const auto found = places.find(std::string{words[1]});
        last = found == places.end() ? dump.sets.size() : found->second;
      }
      if (last < dump.sets.size()) {
        if (dump.sets[last].elements.size() >= limits::kRulesetElements) {
          return error(fmt::format("set {}: more than {} elements", dump.sets[last].name,
                                   limits::kRulesetElements));
        }
        // A comment is quoted and may contain any word; "nomatch" comes before or after it.
        const auto rest = line.substr(0, line.find('"'));
        dump.sets[last].elements.push_back(
            {std::string{words[2]},
             rest.find(" nomatch") != std::string_view::npos || line.ends_with(" nomatch")});
        taken = true;
      }
    }
    if (!taken && dump.skipped.size() < limits::kTextKept) {
      dump.skipped.push_back(
          fmt::format("line {}: {}", number, printable(line, limits::kTextKept)));
    }
  }
  return dump;
}

}  // namespace causeway::codec
