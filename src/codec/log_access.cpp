// Access logs of the common family: NCSA common and combined, with a virtual host in front, and
// with what nginx, ingress-nginx and Traefik append (nginx: ngx_http_log_module,
// ngx_http_upstream_module; Apache: mod_log_config; Traefik: access logs, "common").
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "codec/log_fields.hpp"
#include "codec/log_line.hpp"

namespace causeway::codec {
namespace {

constexpr std::size_t kFrontBytes = 512;  // before the time: addresses, names, users
constexpr int kExtrasRead = 48;

enum class Extra : std::uint8_t {
  none,
  origin,
  origin_status,
  connect,
  header,
  response,
  total,
  host,
  ray,
  cache,
};

struct Key {
  std::string_view name;
  Extra extra;
};

// Names in use for nginx' variables; case does not matter.
constexpr std::array kKeys{
    Key{"upstream_addr", Extra::origin},
    Key{"upstream", Extra::origin},
    Key{"uaddr", Extra::origin},
    Key{"ua", Extra::origin},
    Key{"backend", Extra::origin},
    Key{"upstream_status", Extra::origin_status},
    Key{"ustatus", Extra::origin_status},
    Key{"us", Extra::origin_status},
    Key{"upstream_connect_time", Extra::connect},
    Key{"uct", Extra::connect},
    Key{"upstream_header_time", Extra::header},
    Key{"uht", Extra::header},
    Key{"upstream_response_time", Extra::response},
    Key{"urt", Extra::response},
    Key{"request_time", Extra::total},
    Key{"rt", Extra::total},
    Key{"host", Extra::host},
    Key{"vhost", Extra::host},
    Key{"http_host", Extra::host},
    Key{"server_name", Extra::host},
    Key{"cf_ray", Extra::ray},
    Key{"cf-ray", Extra::ray},
    Key{"ray", Extra::ray},
    Key{"upstream_cache_status", Extra::cache},
    Key{"cache", Extra::cache},
};

Extra extra_named(std::string_view name) {
  for (const auto& key : kKeys) {
    if (equals_ignoring_case(key.name, name)) return key.extra;
  }
  return Extra::none;
}

bool looks_like_origin(std::string_view text) {
  return text.starts_with("unix:") || text.starts_with('[') ||
         (text.find(':') != std::string_view::npos && text.find('/') == std::string_view::npos &&
          text.find(' ') == std::string_view::npos) ||
         (!text.empty() && text.front() >= '0' && text.front() <= '9' &&
          text.find('.') != std::string_view::npos && text.find('/') == std::string_view::npos);
}

void set_extra(Extra extra, std::string_view value, LogLine& out) {
  switch (extra) {
    case Extra::origin: {
      const auto last = last_of_list(value, out.retried);
      if (looks_like_origin(last)) out.origin = last;
      break;
    }
    case Extra::origin_status: {
      const auto last = last_of_list(value, out.retried);
      out.origin_status = last == "-" ? 0 : status_of(last);
      break;
    }
    case Extra::connect: out.connect_ms = seconds_as_ms(last_of_list(value, out.retried)); break;
    case Extra::header: out.header_ms = seconds_as_ms(last_of_list(value, out.retried)); break;
    case Extra::response: break;
    case Extra::total: out.total_ms = seconds_as_ms(value); break;
    case Extra::host: out.host = value; break;
    case Extra::ray: out.ray = value; break;
    case Extra::cache: out.cache = value; break;
    case Extra::none: break;
  }
}

// An unquoted list, "10.0.0.5:80, 10.0.0.6:80", comes in several words that stand side by side.
std::string_view whole_list(std::string_view value, std::string_view& rest) {
  while (value.ends_with(',') && !rest.empty()) {
    const char* front = value.data();
    const auto next = take_word(rest);
    value = std::string_view{front, static_cast<std::size_t>(next.data() + next.size() - front)};
  }
  return value;
}

// After the two quoted texts of the combined format, ingress-nginx writes: request length, request
// time, [upstream name], [alternative], address, length, time, status, request id.
void ingress_fields(std::string_view rest, LogLine& out) {
  bool quoted = false;
  if (whole_number(take_word(rest)) < 0) return;
  const double total = seconds_as_ms(take_word(rest));
  if (total < 0) return;
  (void)take_field(rest, quoted);
  if (!quoted) return;
  (void)take_field(rest, quoted);
  if (!quoted) return;
  auto word = take_word(rest);
  const auto origin = last_of_list(whole_list(word, rest), out.retried);
  word = take_word(rest);
  (void)whole_list(word, rest);  // response length
  word = take_word(rest);
  (void)whole_list(word, rest);  // response time
  word = take_word(rest);
  const auto status = last_of_list(whole_list(word, rest), out.retried);
  out.total_ms = total;
  if (looks_like_origin(origin)) out.origin = origin;
  if (const int number = status_of(status); number != 0) out.origin_status = number;
}

// Traefik: request count, "router", "server URL", duration.
bool traefik_fields(std::string_view rest, LogLine& out) {
  bool quoted = false;
  if (whole_number(take_word(rest)) < 0) return false;
  (void)take_field(rest, quoted);
  if (!quoted) return false;
  const auto server = take_field(rest, quoted);
  const auto took = take_word(rest);
  if (!quoted || !took.ends_with("ms")) return false;
  if (server != "-") out.origin = origin_of_url(server, out.secure);
  const auto ms = whole_number(took.substr(0, took.size() - 2));
  if (ms >= 0) out.total_ms = static_cast<double>(ms);
  return true;
}

void read_extras(std::string_view rest, LogLine& out) {
  bool quoted = false;
  (void)take_field(rest, quoted);  // referrer
  if (quoted) {
    (void)take_field(rest, quoted);  // agent
    if (quoted && !traefik_fields(rest, out)) ingress_fields(rest, out);
  }
  for (int i = 0; i < kExtrasRead && !rest.empty(); ++i) {
    auto field = take_field(rest, quoted);
    if (quoted) {
      // "upstream_addr: 10.0.0.5:80" in quotation marks of its own
      const auto at = field.find_first_of("=:");
      if (at == std::string_view::npos) continue;
      set_extra(extra_named(field.substr(0, at)), trim(field.substr(at + 1)), out);
      continue;
    }
    auto at = field.find('=');
    if (at == std::string_view::npos) at = field.find(':');
    if (at == std::string_view::npos) continue;
    const Extra extra = extra_named(field.substr(0, at));
    auto value = field.substr(at + 1);
    if (value.starts_with('"')) {
      // key="a, b": the quotation began inside the word.
      rest = std::string_view{value.begin(), rest.end()};
      value = take_field(rest, quoted);
    } else if (value.empty()) {
      value = take_field(rest, quoted);
    } else {
      value = whole_list(value, rest);
    }
    if (value.ends_with(',') || value.ends_with(';')) value.remove_suffix(1);
    if (extra != Extra::none) set_extra(extra, value, out);
  }
}

// "www.example.net:443 203.0.113.7 - -": a virtual host stands in front when there are four words.
std::string_view virtual_host(std::string_view front) {
  const auto first = take_word(front);
  int words = 1;
  while (!take_word(front).empty()) ++words;
  if (words != 4) return {};
  const auto colon = first.rfind(':');
  const bool port = colon != std::string_view::npos && whole_number(first.substr(colon + 1)) > 0;
  return port ? first.substr(0, colon) : first;
}

}  // namespace

bool read_access_line(std::string_view line, LogClock& clock, LogLine& out) {
  const auto* open = static_cast<const char*>(
      std::memchr(line.data(), '[', line.size() < kFrontBytes ? line.size() : kFrontBytes));
  if (open == nullptr) return false;
  auto at = static_cast<std::size_t>(open - line.data()) + 1;
  std::size_t length = 0;
  out.at = clock.access(line.substr(at), length, out.zoned);
  if (out.at == kNoTime) return false;
  at += length;
  if (line.size() < at + 4 || line[at] != ']' || line[at + 1] != ' ' || line[at + 2] != '"')
    return false;
  at += 3;
  while (true) {
    const auto* quote =
        static_cast<const char*>(std::memchr(line.data() + at, '"', line.size() - at));
    if (quote == nullptr) return false;
    at = static_cast<std::size_t>(quote - line.data()) + 1;
    // nginx writes \x22, Apache \" for a quotation mark inside.
    if (quote[-1] != '\\') break;
  }
  if (line.size() < at + 4 || line[at] != ' ') return false;
  out.status = status_of(line.substr(at + 1, 3));
  if (out.status == 0 || (line.size() > at + 4 && line[at + 4] != ' ')) return false;
  out.format = LogFormat::access;
  if (out.status < 499 && out.status != 444) return true;
  auto rest = line.substr(at + 4);
  (void)take_word(rest);  // bytes
  read_extras(rest, out);
  if (out.host.empty())
    out.host = virtual_host(line.substr(0, static_cast<std::size_t>(open - line.data())));
  return true;
}

}  // namespace causeway::codec
