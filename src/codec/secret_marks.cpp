#include "codec/secret_marks.hpp"

#include <algorithm>
#include <array>

namespace causeway::codec {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::size_t kBackslashes = 15;  // deeper nesting is not unfolded
constexpr std::size_t kNameBytes = 64;

constexpr std::array<std::string_view, 12> kWrittenQuotes{
    "&quot;", "&#34;", "&#x22;",  "&apos;",  "&#39;", "&#x27;",
    "%22",    "%27",   "\\u0022", "\\u0027", "\\x22", "\\x27",
};

// Always a break, in whatever it stands.
constexpr std::array<std::string_view, 15> kWrittenBreaks{
    "\\x0d", "\\x0a", "\\x0D", "\\x0A", "\\u000d", "\\u000a", "\\u000D", "\\u000A",
    "\\015", "\\012", "%0d",   "%0a",   "%0D",     "%0A",     "&#10;",
};

bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

std::size_t backslashes_before(std::string_view text, std::size_t at, std::size_t from) {
  std::size_t count = 0;
  while (at > from && text[at - 1] == '\\' && count < 2 * kBackslashes + 1) --at, ++count;
  return count;
}

}  // namespace

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_letter(c) || is_digit(c); }
bool is_name(char c) { return is_word(c) || c == '_' || c == '-' || c == '.'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::size_t after_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

std::size_t break_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  const char c = text[at];
  if (c == '\n') return 1;
  if (c == '\r') return at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 1;
  if (c != '\\' && c != '%' && c != '&') return 0;
  const auto rest = text.substr(at, 8);
  for (const auto each : kWrittenBreaks) {
    if (rest.starts_with(each)) return each.size();
  }
  if (rest.starts_with("\\r\\n")) return 4;
  if (!rest.starts_with("\\n") && !rest.starts_with("\\r")) return 0;
  // A backslash and an "n" may be part of a value, too: here what follows decides.
  const auto next = at + 2;
  const bool breaks = next >= text.size() || is_blank(text[next]) || text[next] == '\\' ||
                      text[next] == '\n' || text[next] == '-' || is_quote(text[next]) ||
                      pair_follows(text, next);
  return breaks ? 2 : 0;
}

std::size_t line_end(std::string_view text, std::size_t at, std::size_t most) {
  const auto stop = text.size() - at < most ? text.size() : at + most;
  while (at < stop && break_at(text, at) == 0) ++at;
  return at;
}

std::string_view quote_at(std::string_view text, std::size_t at) {
  std::size_t mark = at;
  while (mark < text.size() && text[mark] == '\\' && mark - at < kBackslashes) ++mark;
  if (mark < text.size() && is_quote(text[mark])) return text.substr(at, mark - at + 1);
  if (at >= text.size() || (text[at] != '&' && text[at] != '%' && text[at] != '\\')) return {};
  const auto rest = text.substr(at, 6);
  const auto found = std::ranges::find_if(
      kWrittenQuotes, [&](std::string_view each) { return rest.starts_with(each); });
  return found == kWrittenQuotes.end() ? std::string_view{} : rest.substr(0, found->size());
}

std::string_view quote_before(std::string_view text, std::size_t at) {
  if (at == 0 || at > text.size()) return {};
  if (is_quote(text[at - 1])) {
    const auto deep = std::min(backslashes_before(text, at - 1, 0), kBackslashes);
    return text.substr(at - 1 - deep, deep + 1);
  }
  const auto before = text.substr(at > 6 ? at - 6 : 0, at > 6 ? 6 : at);
  const auto found = std::ranges::find_if(
      kWrittenQuotes, [&](std::string_view each) { return before.ends_with(each); });
  return found == kWrittenQuotes.end() ? std::string_view{}
                                       : text.substr(at - found->size(), found->size());
}

std::size_t closing_quote(std::string_view text, std::size_t from, std::string_view mark) {
  if (mark.empty()) return kNone;
  const auto most = std::min(text.size(), from + kQuotedBytes);
  if (!is_quote(mark.back())) {
    const auto at = text.substr(0, most).find(mark, from);
    return at;
  }
  const auto depth = mark.size() - 1;
  for (auto at = from; at < most; ++at) {
    if (text[at] != mark.back()) continue;
    const auto run = backslashes_before(text, at, from);
    if (run < depth) return at - run;  // what holds the value ended
    if ((run - depth) % (2 * (depth + 1)) != 0) continue;
    const bool doubled =
        depth == 0 && at > from && at + 1 < text.size() && text[at + 1] == mark.back();
    if (!doubled) return at - depth;
    ++at;
  }
  return kNone;
}

bool ends_there(std::string_view text, std::size_t at) {
  if (at >= text.size() || break_at(text, at) > 0) return true;
  return std::string_view{" \t,;:)]}>|<&"}.contains(text[at]) || !quote_at(text, at).empty();
}

bool pair_follows(std::string_view text, std::size_t at) {
  const auto most = std::min(text.size(), at + kNameBytes);
  while (at < most && std::string_view{" \t,;&"}.contains(text[at])) ++at;
  if (text.substr(at).starts_with("amp;")) at += 4;
  const auto quoted = quote_at(text, at).size();
  at += quoted;
  if (at >= text.size() || !is_letter(text[at])) return false;
  const auto from = at;
  while (at < text.size() && is_name(text[at]) && at - from < kNameBytes) ++at;
  if (at - from < 2 && quoted == 0) return false;
  at += quote_at(text, at).size();
  const auto sign = after_blanks(text.substr(0, std::min(text.size(), at + kNameBytes)), at);
  if (sign >= text.size()) return false;
  if (text[sign] == '=') return true;
  if (text[sign] != ':') return false;
  const auto next = sign + 1;
  return next < text.size() &&
         (quoted > 0 || is_blank(text[next]) || !quote_at(text, next).empty());
}

}  // namespace causeway::codec
