// Error logs of nginx (ngx_log_error_core) and of Apache (ErrorLogFormat's default).
#include <array>

#include "base/text.hpp"
#include "codec/log_fields.hpp"
#include "codec/log_line.hpp"

namespace causeway::codec {
namespace {

bool tells(std::string_view level) {
  return level == "warn" || level == "error" || level == "crit" || level == "alert" ||
         level == "emerg";
}

// The value after `label`, which ends at the next quotation mark.
std::string_view quoted_after(std::string_view text, std::string_view label) {
  const auto at = text.find(label);
  if (at == std::string_view::npos) return {};
  auto rest = text.substr(at + label.size());
  return take_until(rest, '"');
}

// Where a message names the origin itself.
constexpr std::array<std::string_view, 9> kApacheOrigins{
    "attempt to connect to Unix domain socket ",
    "attempt to connect to ",
    "failed to make connection to backend: ",
    "from remote server ",
    "disabled connection for (",
    "disabling worker for (",
    "pass request body failed to ",
    "read response body from backend ",
    "DNS lookup failure for: ",
};

std::string_view apache_origin(std::string_view words) {
  for (const auto label : kApacheOrigins) {
    const auto at = words.find(label);
    if (at == std::string_view::npos) continue;
    auto rest = words.substr(at + label.size());
    auto out = take_word(rest);
    // "127.0.0.1:8080 (127.0.0.1)" names a host and its address: the address is what was asked.
    if (rest.starts_with(" (") && label.starts_with("attempt to connect to ") && out != "Unix") {
      rest.remove_prefix(2);
      const auto address = take_until(rest, ')');
      if (address.find(':') != std::string_view::npos && !address.starts_with('*')) out = address;
    }
    while (out.ends_with(')') || out.ends_with(',')) out.remove_suffix(1);
    if (out == "returned") continue;  // "from remote server returned by /"
    return out;
  }
  return {};
}

}  // namespace

bool read_nginx_error(std::string_view line, LogClock& clock, LogLine& out) {
  if (line.size() < 24) return false;
  const auto at = clock.nginx(line);
  if (at == kNoTime || line[19] != ' ' || line[20] != '[') return false;
  auto rest = line.substr(21);
  const auto level = take_until(rest, ']');
  const auto process = take_word(rest);  // "1234#1234:"
  if (!process.ends_with(':') || process.find('#') == std::string_view::npos) return false;
  rest = trim(rest);
  if (rest.starts_with('*')) {
    (void)take_word(rest);
    rest = trim(rest);
  }
  out.at = at;
  out.format = LogFormat::nginx_error;
  out.error_level = tells(level);
  const auto fields = rest.find(", client: ");
  out.words = rest.substr(0, fields);
  if (fields == std::string_view::npos) return true;
  rest.remove_prefix(fields);
  out.origin = origin_of_url(quoted_after(rest, ", upstream: \""), out.secure);
  out.host = quoted_after(rest, ", host: \"");
  if (out.host.empty()) {
    const auto server = rest.find(", server: ");
    if (server != std::string_view::npos) {
      auto name = rest.substr(server + 10);
      name = take_until(name, ',');
      if (name != "_" && name.find(':') == std::string_view::npos) out.host = name;
    }
  }
  return true;
}

bool read_apache_error(std::string_view line, LogClock& clock, LogLine& out) {
  if (line.size() < 30 || line.front() != '[') return false;
  const auto at = clock.apache(line.substr(1));
  if (at == kNoTime) return false;
  auto rest = line;
  std::string_view level;
  for (int i = 0; i < 6 && rest.starts_with('['); ++i) {
    rest.remove_prefix(1);
    const auto group = take_until(rest, ']');
    rest = trim(rest);
    const auto colon = group.rfind(':');
    const auto last = colon == std::string_view::npos ? group : group.substr(colon + 1);
    if (i == 1) level = last;
    if (group.starts_with("remote ")) out.origin = group.substr(7);
    // "[client ...]" is the last group; a bracket after it belongs to the message.
    if (group.starts_with("client ") || group.starts_with("remote ")) break;
  }
  if (level.empty() || rest.empty()) return false;
  out.at = at;
  out.format = LogFormat::apache_error;
  out.error_level = tells(level);
  out.words = rest.substr(0, rest.find(", referer: "));
  if (const auto named = apache_origin(out.words); !named.empty()) out.origin = named;
  if (const auto remote = out.words.find("[remote "); remote != std::string_view::npos) {
    auto after = out.words.substr(remote + 8);
    out.origin = take_until(after, ']');
  }
  return true;
}

}  // namespace causeway::codec
