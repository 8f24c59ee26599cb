#include "plan/page.hpp"

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "plan/limits.hpp"
#include "reach/redirects.hpp"

namespace causeway::plan {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '+' || c == '=' || c == ':' || c == '.';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// A nonce, token, hash, or a number that counts time: long, and digits in it, and of mixed kind.
bool is_volatile(std::string_view word) {
  constexpr std::size_t kLong = 16;
  constexpr std::size_t kUnixTime = 10;
  const auto digits = static_cast<std::size_t>(std::ranges::count_if(word, is_digit));
  if (digits == word.size() && word.size() >= kUnixTime) return true;
  const bool clock = digits >= 4 && (word.contains(':') || std::ranges::count(word, '-') == 2);
  if (clock) return true;
  if (word.size() < kLong || word.contains('.')) return false;
  return digits >= 3 || (digits > 0 && std::ranges::any_of(word, is_upper));
}

std::string without_volatile(std::string_view line) {
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at;
    while (end < line.size() && is_word(line[end])) ++end;
    const std::string_view word = line.substr(at, end - at);
    if (!word.empty()) out += is_volatile(word) ? "~" : word;
    if (end < line.size()) out += line[end++];
    at = end;
  }
  return out;
}

void add_line(std::vector<std::string>& out, std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  const std::string_view whole = trim(line);
  if (!whole.empty()) out.push_back(without_volatile(printable(whole, limits::kTextKept)));
}

// The value of an attribute that ends at `at` ("href="): quoted, or up to a blank.
std::string_view attribute_value(std::string_view body, std::size_t at) {
  if (at >= body.size()) return {};
  const char quote = body[at];
  if (quote == '"' || quote == '\'') {
    const std::size_t end = body.find(quote, at + 1);
    return end == std::string_view::npos ? std::string_view{} : body.substr(at + 1, end - at - 1);
  }
  return body.substr(at, body.find_first_of(" >\n\t", at) - at);
}

}  // namespace

std::vector<std::string> page_lines(std::string_view body) {
  std::vector<std::string> out;
  while (!body.empty() && out.size() < limits::kPageLines) {
    // A tag ends a line, and so does a line's end in text.
    std::size_t end = body.front() == '<' ? body.find('>') : body.find_first_of("<\n");
    if (end == std::string_view::npos) end = body.size();
    const bool with_end = end < body.size() && body[end] != '<';
    add_line(out, body.substr(0, end + (with_end ? 1 : 0)));
    body.remove_prefix(std::min(body.size(), end + (with_end ? 1 : 0)));
  }
  return out;
}

std::vector<std::string> page_links(std::string_view body, std::string_view page_url,
                                    std::string_view host) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const std::string_view key : {"href=", "src="}) {
    for (std::size_t at = body.find(key); at != std::string_view::npos;
         at = body.find(key, at + 1)) {
      const std::string_view value = attribute_value(body, at + key.size());
      if (value.empty() || value.starts_with('#') || value.starts_with("data:")) continue;
      std::string url = reach::resolve_url(page_url, value);
      url = url.substr(0, url.find('#'));
      for (const std::string_view scheme : {"https://", "http://"}) {
        const std::string begin = std::string{scheme} + std::string{host};
        if (!url.starts_with(begin)) continue;
        std::string path = url.substr(begin.size());
        if (path.empty()) path = "/";
        if (path.front() == '/' && seen.insert(path).second) out.push_back(std::move(path));
      }
      if (out.size() >= limits::kPageLinks) return out;
    }
  }
  return out;
}

std::vector<std::string> line_differences(const std::vector<std::string>& before,
                                          const std::vector<std::string>& after) {
  // Bags, not sequences: a block that moved is the same content, and it stays linear in size.
  std::multiset<std::string> only_before{before.begin(), before.end()};
  std::multiset<std::string> only_after{after.begin(), after.end()};
  for (const auto& line : after) {
    if (const auto found = only_before.find(line); found != only_before.end()) {
      only_before.erase(found);
      only_after.erase(only_after.find(line));
    }
  }
  std::vector<std::string> out;
  const auto show = [&](const std::vector<std::string>& lines, std::multiset<std::string>& only,
                        const char* mark, std::size_t most) {
    for (const auto& line : lines) {
      const auto found = only.find(line);
      if (found == only.end() || out.size() >= most) continue;
      only.erase(found);
      out.push_back(mark + line);
    }
  };
  const std::size_t half = limits::kDifferencesKept / 2;
  show(before, only_before, "- ", only_after.empty() ? limits::kDifferencesKept : half);
  show(after, only_after, "+ ", limits::kDifferencesKept);
  return out;
}

std::vector<std::string> cookies_of(const Fields& fields) {
  std::vector<std::string> out;
  for (const auto& [name, value] : fields) {
    if (!equals_ignoring_case(name, "set-cookie")) continue;
    std::vector<std::string> attributes;
    const auto parts = split(value, ';');
    const std::string cookie{trim(parts.front().substr(0, parts.front().find('=')))};
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::string attribute = lower(trim(parts[i]));
      // Times are another in every answer.
      const bool time = attribute.starts_with("expires") || attribute.starts_with("max-age");
      if (!time && !attribute.empty()) attributes.push_back(attribute);
    }
    std::ranges::sort(attributes);
    out.push_back(attributes.empty() ? cookie : cookie + "; " + join(attributes, "; "));
  }
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> page_hints(std::string_view body, const Fields& fields) {
  std::vector<std::string> out;
  if (body.contains("wp-content/") || body.contains("wp-includes/")) out.emplace_back("wordpress");
  if (body.contains("/uploads/") || body.contains("/media/") ||
      body.contains("/sites/default/files")) {
    out.emplace_back("uploads");
  }
  const bool form = contains_ignoring_case(body, "<form");
  if (form && contains_ignoring_case(body, "type=\"password\"")) out.emplace_back("login");
  if (form && (contains_ignoring_case(body, "method=\"post\"") ||
               contains_ignoring_case(body, "method=post"))) {
    out.emplace_back("form");
  }
  for (const auto& cookie : cookies_of(fields)) {
    const bool session =
        contains_ignoring_case(cookie, "sess") || contains_ignoring_case(cookie, "sid");
    if (session && std::ranges::count(out, "session") == 0) out.emplace_back("session");
  }
  return out;
}

}  // namespace causeway::plan
