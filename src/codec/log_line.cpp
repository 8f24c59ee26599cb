#include "codec/log_line.hpp"

#include <utility>

#include "base/text.hpp"
#include "codec/log_fields.hpp"
#include "codec/log_json.hpp"

namespace causeway::codec {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "haproxy[14389]: ", "nginx: ": the program's name and number after the host name.
std::string_view after_program(std::string_view rest) {
  auto ahead = rest;
  (void)take_word(ahead);  // host name
  auto word = ahead;
  const auto program = take_word(word);
  if (!program.ends_with(':')) return {};
  return trim(word);
}

std::string_view rfc5424(std::string_view rest, LogClock& clock, LogLine& out) {
  // "1 2026-11-25T14:02:11.003Z host haproxy 123 - - message" after the priority
  (void)take_word(rest);
  std::size_t length = 0;
  const auto at = clock.iso(trim(rest), length, out.zoned);
  if (at == kNoTime) return {};
  out.at = at;
  for (int i = 0; i < 5; ++i) (void)take_word(rest);  // time, host, program, process, message id
  rest = trim(rest);
  bool quoted = false;
  if (rest.starts_with('[')) {
    (void)take_field(rest, quoted);
  } else {
    (void)take_word(rest);
  }
  return trim(rest);
}

}  // namespace

std::string_view name(LogFormat format) {
  switch (format) {
    case LogFormat::unknown: return "unknown";
    case LogFormat::access: return "access log (common or combined)";
    case LogFormat::nginx_error: return "nginx error log";
    case LogFormat::nginx_json: return "nginx access log (JSON)";
    case LogFormat::apache_error: return "Apache error log";
    case LogFormat::haproxy: return "HAProxy";
    case LogFormat::haproxy_health: return "HAProxy server state";
    case LogFormat::envoy: return "Envoy";
    case LogFormat::envoy_json: return "Envoy (JSON)";
    case LogFormat::caddy: return "Caddy";
    case LogFormat::traefik: return "Traefik (JSON)";
    case LogFormat::cloudflare: return "Cloudflare Logpush";
    case LogFormat::cloudflare_rows: return "Cloudflare GraphQL rows";
    case LogFormat::causeway: return "Causeway edge";
  }
  std::unreachable();
}

std::string_view id(LogFormat format) {
  switch (format) {
    case LogFormat::unknown: return "unknown";
    case LogFormat::access: return "access";
    case LogFormat::nginx_error: return "nginx-error";
    case LogFormat::nginx_json: return "nginx-json";
    case LogFormat::apache_error: return "apache-error";
    case LogFormat::haproxy: return "haproxy";
    case LogFormat::haproxy_health: return "haproxy-health";
    case LogFormat::envoy: return "envoy";
    case LogFormat::envoy_json: return "envoy-json";
    case LogFormat::caddy: return "caddy";
    case LogFormat::traefik: return "traefik";
    case LogFormat::cloudflare: return "cloudflare";
    case LogFormat::cloudflare_rows: return "cloudflare-rows";
    case LogFormat::causeway: return "causeway";
  }
  std::unreachable();
}

std::string_view without_syslog_header(std::string_view line, LogClock& clock, LogLine& out) {
  auto rest = line;
  if (rest.starts_with('<')) {
    const auto end = rest.find('>');
    if (end == std::string_view::npos || end > 4) return line;
    rest.remove_prefix(end + 1);
    if (rest.starts_with("1 ")) {
      const auto message = rfc5424(rest, clock, out);
      return message.empty() ? line : message;
    }
  }
  if (rest.size() < 20) return line;
  if (auto message = rest; take_word(message).ends_with("]:")) return trim(message);
  std::int64_t at = kNoTime;
  std::size_t length = 0;
  if (is_digit(rest[0]) && rest[4] == '-') {
    at = clock.iso(rest, length, out.zoned);
  } else if (!is_digit(rest[0]) && rest[3] == ' ') {
    at = clock.syslog(rest);
    length = 15;
  }
  if (at == kNoTime || rest.size() <= length) return line;
  const auto message = after_program(rest.substr(length));
  if (message.empty()) return line;
  out.at = at;
  return message;
}

struct LogReader::Json {
  JsonLogReader reader;
};

LogReader::LogReader(LogClock clock) : clock_(clock), json_(std::make_unique<Json>()) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;

bool LogReader::text_line(std::string_view line, LogLine& out) {
  if (last_ == LogFormat::access && read_access_line(line, clock_, out)) return true;
  if (last_ == LogFormat::nginx_error && read_nginx_error(line, clock_, out)) return true;
  if (last_ == LogFormat::haproxy && read_haproxy_line(line, clock_, out)) return true;
  using Read = bool (*)(std::string_view, LogClock&, LogLine&);
  for (const Read read : {&read_nginx_error, &read_apache_error, &read_envoy_line,
                          &read_haproxy_line, &read_access_line}) {
    out = {};
    if (read(line, clock_, out)) return true;
  }
  out = {};
  const auto message = without_syslog_header(line, clock_, out);
  if (message.size() == line.size()) return false;
  const LogLine headed = out;
  for (const Read read : {&read_haproxy_line, &read_access_line, &read_nginx_error,
                          &read_apache_error, &read_envoy_line}) {
    out = headed;
    if (read(message, clock_, out)) return true;
  }
  out = headed;
  if (message.starts_with('{')) return json_->reader.read(message, false, clock_, out);
  return false;
}

bool LogReader::bare_line(std::string_view line, bool padded, LogLine& out) {
  out = {};
  if (line.ends_with('\r')) line.remove_suffix(1);
  const bool done =
      line.starts_with('{') ? json_->reader.read(line, padded, clock_, out) : text_line(line, out);
  if (done) last_ = out.format;
  return done;
}

bool LogReader::read(std::string_view line, bool padded, LogLine& out) {
  out = {};
  const auto inner = wrap_.take(line, padded);
  in_pieces_ = inner.state == Unwrapped::State::piece;
  if (in_pieces_) return false;
  bool done = false;
  if (inner.state == Unwrapped::State::whole) {
    done = bare_line(inner.line, inner.padded, out);
  } else {
    const auto text = without_source(line);
    const auto behind = without_stamp(text);
    // Behind a source a time is the tool's; elsewhere it is the log's own.
    const bool sourced = text.size() < line.size();
    done = bare_line(sourced ? behind : text, padded, out);
    if (!done && behind.size() < text.size())
      done = bare_line(sourced ? text : behind, padded, out);
  }
  if (!done) {
    out = {};
    return false;
  }
  if (out.at == kNoTime && !inner.stamp.empty()) {
    std::size_t length = 0;
    out.at = clock_.iso(inner.stamp, length, out.zoned);
  }
  return true;
}

std::optional<std::size_t> LogReader::rows_of(std::string_view document, const void* context,
                                              void (*each)(const void*, const LogLine&)) {
  return json_->reader.rows(document, clock_, context, each);
}

}  // namespace causeway::codec
