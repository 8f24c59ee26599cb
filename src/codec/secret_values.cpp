#include "codec/secret_values.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "codec/secret_marks.hpp"
#include "codec/secret_names.hpp"

namespace causeway::codec {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::size_t kTagBytes = 256;
constexpr std::size_t kBesideBytes = 64;

struct Written {
  std::string_view text;
  Sign sign;
};
// Longer ones first.
constexpr std::array kSigns{
    Written{"\\u003d", Sign::equal}, Written{"&#61;", Sign::equal}, Written{"%253D", Sign::equal},
    Written{"%253d", Sign::equal},   Written{"||=", Sign::equal},   Written{"%3D", Sign::equal},
    Written{"%3d", Sign::equal},     Written{"%3A", Sign::colon},   Written{"%3a", Sign::colon},
    Written{"===", Sign::equal},     Written{"==", Sign::equal},    Written{"=>", Sign::equal},
    Written{":=", Sign::equal},      Written{"?=", Sign::equal},    Written{"+=", Sign::equal},
    Written{"->", Sign::equal},      Written{"<-", Sign::equal},    Written{"=", Sign::equal},
    Written{":", Sign::colon},
};

bool starts(std::string_view text, std::size_t at, std::string_view with) {
  return text.substr(std::min(at, text.size()), with.size()) == with;
}

// Past the ">" of the tag that `at` stands in; 0 when it has none or has no content.
std::size_t after_tag(std::string_view text, std::size_t at) {
  const auto most = std::min(text.size(), at + kTagBytes);
  for (; at < most && text[at] != '<' && text[at] != '\n'; ++at) {
    if (starts(text, at, "&gt;")) return at + 4;
    if (text[at] == '>') return text[at - 1] == '/' ? 0 : at + 1;
  }
  return 0;
}

std::size_t after_space(std::string_view text, std::size_t at, std::string_view also = {}) {
  const auto most = std::min(text.size(), at + kBesideBytes);
  while (at < most && (is_blank(text[at]) || also.contains(text[at]) || break_at(text, at) > 0))
    at += std::max<std::size_t>(1, break_at(text, at));
  return std::min(at, text.size());
}

// <password>x</password>, <a:password kind="x">x</a:password>, and <key>password</key><string>x.
Lead element_lead(std::string_view text, std::size_t from, std::size_t end) {
  const bool opens = from > 0 && (text[from - 1] == '<' || text.substr(0, from).ends_with("&lt;") ||
                                  text[from - 1] == ':');
  const bool held = from > 0 && (text[from - 1] == '>' || text[from - 1] == ';');
  if (opens && end < text.size() && text[end] != '=') {
    const bool tag = text[end] == '>' || is_blank(text[end]) || starts(text, end, "&gt;");
    const auto at = tag && (text[from - 1] != ':' || text[end] == '>') ? after_tag(text, end) : 0;
    if (at > 0) return {Sign::element, at, false};
  }
  if (!held || !starts(text, end, "</")) return {};
  const auto closed = after_tag(text, end + 2);
  const auto next = closed == 0 ? kNone : after_space(text, closed);
  if (next >= text.size() || text[next] != '<') return {};
  const auto at = after_tag(text, next + 1);
  return at > 0 ? Lead{Sign::element, at, false} : Lead{};
}

// {"name": "password", "value": "x"}, <add key="password" value="x"/>, - name: password / value: x
Lead beside_lead(std::string_view text, std::size_t at) {
  const auto from = after_space(text, at, ",{/");
  if (from == at) return {};
  auto word = from + quote_at(text, from).size();
  const auto begin = word;
  while (word < text.size() && is_letter(text[word]) && word - begin < 8) ++word;
  const auto name = lower(text.substr(begin, word - begin));
  if (name != "value" && name != "content" && name != "default" && name != "val") return {};
  word = after_blanks(text, word + quote_at(text, word).size());
  if (word >= text.size() || (text[word] != ':' && text[word] != '=')) return {};
  return {Sign::beside, after_blanks(text, word + 1), true};
}

}  // namespace

// <entry key="password">x</entry>, <property name="password"><value>x</value></property>
Lead attribute_lead(std::string_view text, std::size_t from, std::size_t at) {
  if (from < 2 || text[from - 2] != '=' || at >= text.size() || text[at] != '>') return {};
  const auto inside = after_space(text, at + 1);
  if (inside >= text.size() || text[inside] != '<') return {Sign::element, at + 1, false};
  const auto deeper = after_tag(text, inside + 1);
  return deeper > 0 ? Lead{Sign::element, deeper, false} : Lead{};
}

// "password is: x", "the password was 'x'", "Password for root: x"
Lead sentence_lead(std::string_view text, std::size_t at) {
  const auto word_at = [&](std::size_t from) {
    const auto most = std::min(text.size(), from + kBesideBytes);
    auto to = from;
    while (to < most && (is_name(text[to]) || text[to] == '@')) ++to;
    return to;
  };
  auto end = word_at(at);
  const auto word = text.substr(at, end - at);
  const bool says = word == "is" || word == "was";
  if (word == "for") end = word_at(after_blanks(text, end));
  if (!says && word != "for") return {Sign::blank, at, false};
  if (end < text.size() && text[end] == ':')
    return {Sign::colon, after_blanks(text, end + 1), false};
  const auto next = after_blanks(text, end);
  return says && next > end ? Lead{Sign::blank, next, false} : Lead{Sign::blank, at, false};
}

Lead lead_after(std::string_view text, std::size_t from, std::size_t end) {
  if (const auto element = element_lead(text, from, end); element.sign != Sign::none)
    return element;
  auto at = end;
  bool closed = false;
  for (int marks = 0; marks < 3 && at < text.size(); ++marks) {
    const auto mark = quote_at(text, at);
    const auto step = mark.empty() ? static_cast<std::size_t>(text[at] == ']') : mark.size();
    if (step == 0) break;
    at += step;
    closed = true;
  }
  const auto next = after_blanks(text, at);
  if (next >= text.size()) return {};
  for (const auto& each : kSigns) {
    if (!starts(text, next, each.text)) continue;
    const auto behind = next + each.text.size();
    if (each.text == ":" && (starts(text, behind, "//") || starts(text, behind, ":"))) return {};
    return {each.sign, after_blanks(text, behind), closed};
  }
  if (closed && text[next] == ',') {
    const auto value = after_space(text, next + 1);
    if (!quote_at(text, value).empty() && !pair_follows(text, next))
      return {Sign::listed, value, true};
  }
  if (!closed && text[at] == '(' && !quote_at(text, at + 1).empty())
    return {Sign::called, at + 1, false};
  if (closed) {
    const auto inside = attribute_lead(text, from, at);
    if (inside.sign != Sign::none) return inside;
  }
  if (const auto beside = beside_lead(text, at); beside.sign != Sign::none) return beside;
  const auto before = text.substr(0, from);
  const bool part = before.ends_with("name=\"") || before.ends_with("name=\\\"");
  if (const auto first = break_at(text, at); part && first > 0) {
    if (const auto second = break_at(text, at + first); second > 0)
      return {Sign::blank_line, at + first + second, true};
  }
  return next > at && !closed ? sentence_lead(text, next) : Lead{};
}

std::size_t bare_end(std::string_view text, std::size_t from, const Surroundings& in) {
  int open = 0;  // brackets that the value itself opened
  std::size_t at = from;
  while (at < text.size() && break_at(text, at) == 0) {
    const char c = text[at];
    if (const auto mark = quote_at(text, at); !mark.empty()) {
      const bool closes = mark == in.mark || (in.in_quotes && mark == "\"");
      if (closes || (at > from && ends_there(text, at + mark.size()))) break;
      at += mark.size();
      continue;
    }
    if (is_blank(c)) {
      const auto next = after_blanks(text, at);
      const bool comment = next + 1 < text.size() && is_blank(text[next + 1]) &&
                           (text[next] == '#' || text[next] == ';');
      if (!in.own_line || comment || pair_follows(text, at)) break;
    } else if (c == ',' || c == ';' || c == '&') {
      const bool last = ends_there(text, at + 1);
      const bool goes_on =
          c == ',' && last && in.own_line && at + 1 < text.size() && is_blank(text[at + 1]);
      if ((last && !goes_on) || pair_follows(text, at) || starts(text, at, "&lt;") ||
          starts(text, at, "&gt;"))
        break;
    } else if (c == '(' || c == '[' || c == '{') {
      ++open;
    } else if (c == ')' || c == ']' || c == '}') {
      if (open == 0 && ends_there(text, at + 1)) break;
      --open;
    } else if (c == '<' && (starts(text, at, "</") || starts(text, at, "<br"))) {
      break;
    }
    ++at;
  }
  while (at > from && is_blank(text[at - 1])) --at;
  return at;
}

std::size_t header_end(std::string_view text, std::size_t from, const Surroundings& in) {
  std::size_t at = from;
  while (at < text.size()) {
    if (const auto size = break_at(text, at); size > 0) {
      // A folded line goes on after a comma (RFC 9112 section 5.2).
      const bool folded =
          at > from && text[at - 1] == ',' && at + size < text.size() && is_blank(text[at + size]);
      if (!folded) break;
      at += size;
      continue;
    }
    const auto mark = quote_at(text, at);
    if (!mark.empty() && (mark == in.mark || (in.in_quotes && mark == "\""))) break;
    at += std::max<std::size_t>(1, mark.size());
  }
  while (at > from && (is_blank(text[at - 1]) || text[at - 1] == ';')) --at;
  return at;
}

std::size_t query_end(std::string_view text, std::size_t from, const Surroundings& in) {
  std::size_t at = from;
  while (at < text.size() && break_at(text, at) == 0) {
    const char c = text[at];
    if (is_blank(c) || std::string_view{"&\"<>#`"}.contains(c)) break;
    if (starts(text, at, "%26") || starts(text, at, "%2526")) break;
    if (const auto mark = quote_at(text, at); !mark.empty() && (mark == in.mark || c == '\\'))
      break;
    if ((c == ';' || c == ',' || c == '\'' || c == ')') &&
        (ends_there(text, at + 1) || pair_follows(text, at)))
      break;
    ++at;
  }
  return at;
}

std::size_t element_end(std::string_view text, std::size_t from) {
  const auto most = std::min(text.size(), from + kQuotedBytes);
  for (auto at = from; at < most; ++at) {
    if (text[at] == '<' || starts(text, at, "&lt;") || starts(text, at, "]]>")) return at;
  }
  return line_end(text, from);
}

Quoted quoted_at(std::string_view text, std::size_t at) {
  // A letter or two may lead: b"", N'', $'', @"".
  auto from = at;
  while (from < text.size() && from - at < 2 &&
         std::string_view{"bBrRuUfFN$@"}.contains(text[from]))
    ++from;
  auto mark = quote_at(text, from);
  if (mark.empty()) return {};
  from += mark.size();
  if (mark.size() == 1 && starts(text, from, mark) && starts(text, from + 1, mark)) {
    const auto most = text.substr(0, std::min(text.size(), from + kQuotedBytes));
    const auto close = most.find(text.substr(from - 1, 3), from + 2);
    if (close != kNone) return {text.substr(from - 1, 3), from + 2, close, close + 3};
  }
  const auto close = closing_quote(text, from, mark);
  const auto line = line_end(text, from, close == kNone ? kQuotedBytes : close - from);
  if (close == kNone) return {mark, from, line, line};
  // A value of several lines ends where nothing of it can follow; else its mark was never closed.
  if (close > line && line < text.size() && text[line] != '\\' &&
      !ends_there(text, close + mark.size()))
    return {mark, from, line, line};
  return {mark, from, close, std::min(text.size(), close + mark.size())};
}

}  // namespace causeway::codec
