// The part of the pass that knows a name and looks for its value.
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "codec/secret_marks.hpp"
#include "codec/secret_scan.hpp"

namespace causeway::codec {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::size_t kListBytes = 8192;
constexpr std::size_t kWeakLeast = 6;  // bytes of a value whose name says little
constexpr std::size_t kSettingBytes = 256;
constexpr std::size_t kMaskBytes = 64;
constexpr std::size_t kSentence = 4;  // words that make a line rather a sentence than a setting

using Table = std::string_view;

template <std::size_t Size>
bool holds(const std::array<Table, Size>& table, std::string_view word) {
  return std::ranges::find(table, word) != table.end();
}

// Words before a name that say nothing themselves: "export PGPASSWORD=...".
constexpr std::array<Table, 18> kLeading{
    "export", "set",   "setenv", "env",     "var",      "let",    "const", "static", "private",
    "public", "final", "local",  "declare", "readonly", "define", "def",   "val",    "protected",
};
// First words of a configuration's line in which a blank alone leads to a value.
constexpr std::array<Table, 24> kDirectives{
    "setenv",  "fastcgi_param", "uwsgi_param", "scgi_param", "env",    "environment",
    "user",    "username",      "machine",     "login",      "server", "option",
    "set",     "define",        "enable",      "neighbor",   "export", "arg",
    "default", "bind",          "ldap",        "proxy",      "stats",  "authentication",
};
// What a sentence says of a password: "Password: incorrect for bob".
constexpr std::array<Table, 16> kRefusals{
    "incorrect", "invalid", "expired", "missing", "failed", "rejected", "mismatch", "not",
    "wrong",     "error",   "refused", "does",    "must",   "cannot",   "denied",   "is",
};
std::string_view first_word(std::string_view text) {
  const auto end = text.find_first_of(" \t");
  return text.substr(0, end);
}

std::size_t words_in(std::string_view text) {
  std::size_t count = 0;
  bool inside = false;
  for (const char c : text) {
    count += static_cast<std::size_t>(!is_blank(c) && !inside);
    inside = !is_blank(c);
  }
  return count;
}

// Addresses, times and amounts: digits that are evidence and no password.
bool is_figure(std::string_view word) {
  return std::ranges::all_of(
      word, [](char c) { return is_digit(c) || c == '.' || c == ':' || c == '/' || c == '-'; });
}

// Where a value begins behind the tags of YAML: "!vault |". One is usual, nothing says how many.
std::size_t after_tags(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == '!') {
    auto end = at + 1;
    while (end < text.size() && is_letter(text[end])) ++end;
    const auto next = after_blanks(text, end);
    if (next == end || next == text.size()) break;
    at = next;
  }
  return at;
}

// DB_PASSWORD, PGPASSWORD: an environment's.
bool is_variable(std::string_view name) {
  return name.size() > 4 && std::ranges::none_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

bool Scan::is_own_line(std::size_t at) const {
  const auto from = std::max(line_, statement_);
  if (at - std::min(from, at) > kNameBytes) return false;
  auto before = piece(from, at);
  while (true) {
    while (!before.empty() && !is_word(before.front()) && before.front() != '(' &&
           before.front() != '[')
      before.remove_prefix(1);
    if (before.empty()) return true;
    const auto end = before.find_first_of(" \t(");
    if (end == kNone || !holds(kLeading, lower(before.substr(0, end)))) {
      // "$config['db']['password']"
      return before.ends_with("['") || before.ends_with("[\"");
    }
    before.remove_prefix(end + static_cast<std::size_t>(before[end] == '('));
  }
}

bool Scan::is_directive(std::size_t at) const {
  const auto from = std::max(line_, statement_);
  if (at - std::min(from, at) > kNameBytes) return false;
  return holds(kDirectives, lower(first_word(trim(piece(from, at)))));
}

bool Scan::accepts(std::string_view value, Telling kind, Sign sign, bool quoted) const {
  if (is_innocent_value(value)) return false;
  const auto scheme = first_word(value);
  if (is_scheme(scheme) && is_innocent_value(trim(value.substr(scheme.size())))) return false;
  if (kind != Telling::weak) return kind == Telling::strong || kind == Telling::header;
  if (value.size() < kWeakLeast || is_prose(value)) return false;
  return sign == Sign::colon && !quoted ? looks_like_value(value) : true;
}

// "requirepass hunter", "SetEnv DB_PASSWORD x", "--password x": a blank is enough in a setting, and
// in a sentence only what looks like no word is hidden.
bool Scan::hide_spaced(const Word& word, const Lead& lead, Telling kind) {
  const bool option = word.text.starts_with('-');
  const auto rest = piece(lead.at, line_end(text_, lead.at, kSettingBytes));
  if (kind == Telling::header) {
    if (!option && !contains_ignoring_case(before_on_line(word.from), "header")) return false;
    return hide_assigned(word, lead, kind);
  }
  if (kind != Telling::strong || rest.starts_with('-')) return false;
  if (!ends_telling(word.text)) return false;
  auto from = lead.at;
  auto quoted = quoted_at(text_, from);
  if (!quoted.mark.empty() && quoted.mark != word.in.mark) return hide_quoted(quoted, lead, kind);
  Surroundings in = word.in;
  in.own_line = false;
  auto end = bare_end(text_, from, in);
  // "password 7 0822455D0A16": the kind of its encoding leads.
  if (end == from + 1 && is_digit(text_[from]) && after_blanks(text_, end) > end) {
    from = after_blanks(text_, end);
    end = bare_end(text_, from, in);
  }
  const auto value = piece(from, end);
  if (is_innocent_value(value)) return false;
  const bool header = contains_ignoring_case(before_on_line(word.from), "header ");
  const bool setting = option || header || is_variable(word.text) || is_directive(word.from) ||
                       (is_own_line(word.from) && words_in(rest) < kSentence);
  const bool plain = word.text == "pass" || word.text == "token" || !setting;
  const bool digits = std::ranges::any_of(value, is_digit);
  if (is_prose(value) || (plain && (!digits || is_figure(value)))) return false;
  pass(from);
  hide(from, end);
  return true;
}

bool Scan::hide_quoted(const Quoted& quoted, const Lead& lead, Telling kind) {
  const auto value = piece(quoted.from, quoted.to);
  if (!accepts(value, kind, lead.sign, true)) return false;
  pass(quoted.from);
  hide(quoted.from, quoted.to);
  return true;
}

bool Scan::hide_assigned(const Word& word, const Lead& given, Telling kind) {
  auto lead = given;
  if (lead.sign == Sign::colon) lead.at = after_tags(text_, lead.at);
  auto in = word.in;
  if (lead.closed) in.mark = {};
  const auto skipped = piece(word.end, lead.at);
  if (std::ranges::count(skipped, '"') % 2 == 1) in.in_quotes = !in.in_quotes;
  const bool query = word.in_query && lead.sign == Sign::equal;
  const auto taken = [&](std::size_t from, std::size_t end) {
    pass(from);
    hide(from, end);
    return true;
  };
  if (query) {
    const auto end = query_end(text_, lead.at, in);
    if (is_innocent_value(piece(lead.at, end)) && kind != Telling::strong) return false;
    return end > lead.at && taken(lead.at, end);
  }
  if (kind == Telling::in_query) return false;
  if (lead.sign == Sign::element) {
    auto from = lead.at;
    if (text_.substr(from).starts_with("<![CDATA[")) from += 9;
    const auto end = element_end(text_, from);
    return accepts(trim(piece(from, end)), kind, lead.sign, true) && taken(from, end);
  }
  if (lead.sign == Sign::blank_line) {
    const auto end = line_end(text_, lead.at);
    return end > lead.at && taken(lead.at, end);
  }
  if (lead.at >= text_.size()) return false;
  const auto quoted = quoted_at(text_, lead.at);
  if (!quoted.mark.empty()) return quoted.mark != in.mark && hide_quoted(quoted, lead, kind);
  const char first = text_[lead.at];
  if (first == '[' || (first == '{' && kind == Telling::header)) return hide_list(lead.at, kind);
  if (first == '{' && !text_.substr(lead.at).starts_with("{{") && secret_form(text_, lead.at) == 0)
    return false;
  const bool block = (first == '|' || first == '>') && lead.sign == Sign::colon;
  if (block || break_at(text_, lead.at) > 0) return hide_below(word, lead, kind);
  if (kind == Telling::header) {
    const auto end = header_end(text_, lead.at, in);
    return accepts(piece(lead.at, end), kind, lead.sign, false) && taken(lead.at, end);
  }
  const auto next = first_word(text_.substr(lead.at, kNameBytes));
  if (lead.sign == Sign::colon && holds(kRefusals, lower(next))) return false;
  // Between quotation marks that hold the name as well, a blank ends nothing.
  in.own_line = kind == Telling::strong && (is_own_line(word.from) || !in.mark.empty());
  const auto end = bare_end(text_, lead.at, in);
  return accepts(piece(lead.at, end), kind, lead.sign, false) && taken(lead.at, end);
}

// ["a", "b"], [a, b], {"a": "b"}: each value of it.
bool Scan::hide_list(std::size_t from, Telling kind) {
  const char closing = text_[from] == '[' ? ']' : '}';
  const auto most = std::min(text_.size(), from + kListBytes);
  const auto mask = text_.substr(from, kMaskBytes);
  if (closing == ']' && is_innocent_value(mask.substr(0, mask.find(']') + 1))) return false;
  bool any = false;
  auto at = from + 1;
  while (at < most && text_[at] != closing) {
    const auto quoted = quoted_at(text_, at);
    if (!quoted.mark.empty()) {
      any = hide_quoted(quoted, {Sign::equal, at, false}, kind) || any;
      at = quoted.end;
    } else if (break_at(text_, at) > 0 || std::string_view{" \t,:"}.contains(text_[at])) {
      ++at;
    } else {
      const auto stop = std::min(most, text_.substr(0, most).find_first_of(",]}\r\n", at));
      if (accepts(trim(piece(at, stop)), kind, Sign::equal, false)) {
        pass(at);
        hide(at, stop);
        any = true;
      }
      at = std::max(stop, at + 1);
    }
  }
  return any;
}

// The value stands below its name: a block or a list of YAML, the next line of a dialogue.
bool Scan::hide_below(const Word& word, const Lead& lead, Telling kind) {
  const auto indent = after_blanks(text_, line_) - line_;
  const auto head = line_end(text_, lead.at, 4);
  if (text_[lead.at] == '|' || text_[lead.at] == '>') {
    if (break_at(text_, head) > 0) return hide_block(head, indent);
    const auto end = bare_end(text_, lead.at, word.in);
    if (!accepts(piece(lead.at, end), kind, lead.sign, false)) return false;
    pass(lead.at);
    hide(lead.at, end);
    return true;
  }
  auto from = head;
  for (int lines = 0; lines < 2; ++lines) from += break_at(text_, from);
  const auto start = after_blanks(text_, from);
  const auto line = piece(start, line_end(text_, start));
  if (line.empty()) return false;
  const auto quoted = quoted_at(text_, start);
  if (!quoted.mark.empty() && !pair_follows(text_, start)) return hide_quoted(quoted, lead, kind);
  if (line.starts_with("- ")) return kind == Telling::strong && hide_rows(from);
  const bool other = pair_follows(text_, start) || std::string_view{"#[<{}]"}.contains(line[0]) ||
                     line.starts_with("-----") || line.ends_with(':');
  const auto begin = text_.substr(0, start).rfind('\n');
  const bool deeper = begin != kNone && start - begin - 1 > indent;
  const bool alone = lead.sign == Sign::colon && words_in(line) == 1 && !is_prose(line);
  if (kind != Telling::strong || other || is_innocent_value(line) || !(deeper || alone))
    return false;
  pass(start);
  hide(start, start + line.size());
  return true;
}

bool Scan::hide_block(std::size_t from, std::size_t indent) {
  const auto begin = from + break_at(text_, from);
  auto end = begin;
  auto at = begin;
  while (at < text_.size()) {
    const auto start = after_blanks(text_, at);
    const auto stop = line_end(text_, start);
    if (stop > start && start - at <= indent) break;
    if (stop > start) end = stop;
    at = stop + break_at(text_, stop);
  }
  const auto first = after_blanks(text_, begin);
  if (end <= first) return false;
  pass(first);
  hide(first, end);
  return true;
}

bool Scan::hide_rows(std::size_t from) {
  bool any = false;
  auto at = from;
  while (at < text_.size()) {
    const auto start = after_blanks(text_, at);
    const auto stop = line_end(text_, start);
    if (!text_.substr(start).starts_with("- ")) break;
    const auto value = after_blanks(text_, start + 2);
    const auto quoted = quoted_at(text_, value);
    const auto begin = quoted.mark.empty() ? value : quoted.from;
    const auto end = quoted.mark.empty() ? stop : std::min(stop, quoted.to);
    if (end > begin && !is_innocent_value(piece(begin, end)) && !pair_follows(text_, value)) {
      pass(begin);
      hide(begin, end);
      any = true;
    }
    at = stop + break_at(text_, stop);
  }
  return any;
}

}  // namespace causeway::codec
