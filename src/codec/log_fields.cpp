#include "codec/log_fields.hpp"

#include <charconv>

#include "base/text.hpp"
#include "codec/log_line.hpp"

namespace causeway::codec {
namespace {

void skip_blanks(std::string_view& rest) {
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
}

}  // namespace

std::string_view take_word(std::string_view& rest) {
  skip_blanks(rest);
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != ' ' && rest[end] != '\t') ++end;
  const auto out = rest.substr(0, end);
  rest.remove_prefix(end);
  return out;
}

std::string_view take_until(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  const auto out = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return out;
}

std::string_view take_field(std::string_view& rest, bool& quoted) {
  skip_blanks(rest);
  quoted = !rest.empty() && (rest.front() == '"' || rest.front() == '[');
  if (!quoted) return take_word(rest);
  const char end = rest.front() == '"' ? '"' : ']';
  rest.remove_prefix(1);
  for (std::size_t from = 0;;) {
    const auto at = rest.find(end, from);
    if (at == std::string_view::npos) {
      const auto out = rest;
      rest = {};
      return out;
    }
    if (end == '"' && at > 0 && rest[at - 1] == '\\') {
      from = at + 1;
      continue;
    }
    const auto out = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    return out;
  }
}

int status_of(std::string_view text) {
  if (text.size() != 3) return 0;
  if (text == "009") return 9;  // nginx: an answer of HTTP/0.9, without a status line
  const auto number = whole_number(text);
  return number >= 100 ? static_cast<int>(number) : 0;
}

std::int64_t whole_number(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = failed == std::errc{} && end == text.data() + text.size();
  return whole && out >= 0 ? out : -1;
}

double seconds_as_ms(std::string_view text) {
  if (text == "-") return kNotReached;
  double out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = failed == std::errc{} && end == text.data() + text.size();
  return whole && out >= 0 && out < 1e9 ? out * 1e3 : kNotLogged;
}

std::string_view origin_of_url(std::string_view url, bool& secure) {
  const auto at = url.find("://");
  if (at != std::string_view::npos) {
    const auto scheme = url.substr(0, at);
    secure = secure || scheme == "https" || scheme == "grpcs" || scheme == "wss";
    url.remove_prefix(at + 3);
  }
  if (url.starts_with("unix:")) {
    // "unix:/run/php.sock:" or "unix:/run/php.sock:/path": the name ends with the second colon.
    const auto end = url.find(':', 5);
    return url.substr(0, end);
  }
  url = url.substr(0, url.find_first_of("/?\""));
  // "user:password@" is no part of where the origin is.
  return url.substr(url.rfind('@') + 1);
}

std::string_view last_of_list(std::string_view list, bool& several) {
  const auto comma = list.rfind(", ");
  const auto colon = list.rfind(" : ");
  std::size_t from = 0;
  if (comma != std::string_view::npos) from = comma + 2;
  if (colon != std::string_view::npos && colon + 3 > from) from = colon + 3;
  several = several || from != 0;
  return trim(list.substr(from));
}

}  // namespace causeway::codec
