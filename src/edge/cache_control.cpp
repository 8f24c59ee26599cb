#include "edge/cache_control.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

using std::chrono::seconds;

// One directive: a token, with or without "=" and a token or a string in quotes.
struct Directive {
  std::string_view name;
  std::string_view value;
};

// Takes the next one off the front of a list; commas inside quotes do not part.
bool next_directive(std::string_view& rest, Directive& out) {
  while (!rest.empty() && (rest.front() == ',' || rest.front() == ' ' || rest.front() == '\t')) {
    rest.remove_prefix(1);
  }
  if (rest.empty()) return false;
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size(); ++end) {
    if (rest[end] == '\\' && quoted) {
      ++end;
    } else if (rest[end] == '"') {
      quoted = !quoted;
    } else if (rest[end] == ',' && !quoted) {
      break;
    }
  }
  const auto whole = trim(rest.substr(0, std::min(end, rest.size())));
  rest.remove_prefix(std::min(end, rest.size()));
  const auto equals = whole.find('=');
  out.name = trim(whole.substr(0, equals));
  out.value =
      equals == std::string_view::npos ? std::string_view{} : trim(whole.substr(equals + 1));
  if (out.value.size() >= 2 && out.value.front() == '"' && out.value.back() == '"') {
    out.value = out.value.substr(1, out.value.size() - 2);
  }
  return true;
}

seconds delta(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed == std::errc::result_out_of_range && !text.starts_with('-')) return limits::kAgeMost;
  if (failed != std::errc{} || end != text.data() + text.size() || value < 0) return seconds{0};
  return std::min<seconds>(seconds{value}, limits::kAgeMost);
}

void put(std::optional<seconds>& out, std::string_view text) {
  if (!out) out = delta(text);
}

void apply(CacheControl& out, const Directive& directive) {
  const auto is = [&](std::string_view name) { return equals_ignoring_case(directive.name, name); };
  if (is("max-age")) put(out.max_age, directive.value);
  if (is("s-maxage")) put(out.s_maxage, directive.value);
  if (is("stale-while-revalidate")) put(out.stale_while_revalidate, directive.value);
  if (is("stale-if-error")) put(out.stale_if_error, directive.value);
  if (is("no-store")) out.no_store = true;
  if (is("no-cache")) out.no_cache = true;
  if (is("private")) out.is_private = true;
  if (is("public")) out.is_public = true;
  if (is("must-revalidate")) out.must_revalidate = true;
  if (is("proxy-revalidate")) out.proxy_revalidate = true;
  if (is("must-understand")) out.must_understand = true;
  if (is("only-if-cached")) out.only_if_cached = true;
  if (is("no-transform")) out.no_transform = true;
}

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<unsigned> month(std::string_view text) {
  const auto at = std::ranges::find(kMonths, text);
  if (at == kMonths.end()) return std::nullopt;
  return static_cast<unsigned>(at - kMonths.begin()) + 1;
}

std::optional<int> number(std::string_view text) {
  int out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{} || end != text.data() + text.size() || text.empty() || out < 0) {
    return std::nullopt;
  }
  return out;
}

std::optional<std::chrono::sys_seconds> assemble(std::optional<int> day,
                                                 std::optional<unsigned> month,
                                                 std::optional<int> year, std::string_view clock) {
  if (!day || !month || !year || clock.size() != 8 || clock[2] != ':' || clock[5] != ':') return {};
  const auto h = number(clock.substr(0, 2));
  const auto m = number(clock.substr(3, 2));
  const auto s = number(clock.substr(6, 2));
  if (!h || !m || !s || *h > 23 || *m > 59 || *s > 60) return {};
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{*month},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return {};
  return std::chrono::sys_days{date} + std::chrono::hours{*h} + std::chrono::minutes{*m} +
         seconds{*s};
}

}  // namespace

CacheControl parse_cache_control(std::span<const codec::HeaderField> fields,
                                 std::string_view name) {
  CacheControl out;
  int read = 0;
  for (const auto& field : fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    out.present = true;
    std::string_view rest = field.value;
    Directive directive;
    while (read < limits::kCacheDirectives && next_directive(rest, directive)) {
      apply(out, directive);
      ++read;
    }
  }
  return out;
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  std::vector<std::string_view> parts;
  for (const auto part : split(trim(text), ' ')) {
    if (!part.empty()) parts.push_back(part);
  }
  if (parts.size() == 6 && parts[0].size() == 4 && parts[0].ends_with(',')) {  // IMF-fixdate
    if (parts[5] != "GMT" || parts[3].size() != 4) return {};
    return assemble(number(parts[1]), month(parts[2]), number(parts[3]), parts[4]);
  }
  if (parts.size() == 4 && parts[0].ends_with(',') && parts[3] == "GMT") {  // RFC 850
    const auto date = split(parts[1], '-');
    if (date.size() != 3) return {};
    auto year = number(date[2]);
    // Two digits: a year more than 50 ahead is one of the past (RFC 9110 5.6.7).
    if (year && date[2].size() == 2) *year += *year > 76 ? 1900 : 2000;
    return assemble(number(date[0]), month(date[1]), year, parts[2]);
  }
  if (parts.size() == 5) {  // asctime
    return assemble(number(parts[2]), month(parts[1]), number(parts[4]), parts[3]);
  }
  return {};
}

std::string joined_field(std::span<const codec::HeaderField> fields, std::string_view name) {
  std::string out;
  bool first = true;
  for (const auto& field : fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    if (!first) out += ", ";
    first = false;
    out += field.value;
  }
  return out;
}

}  // namespace causeway::edge
