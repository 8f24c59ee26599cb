#include "codec/log_json.hpp"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>

#include "base/text.hpp"
#include "codec/log_fields.hpp"

namespace causeway::codec {
namespace {

namespace ondemand = simdjson::ondemand;

enum class Slot : std::uint8_t {
  none,
  status,
  origin_status,
  time,
  time_local,
  origin,
  origin_url,
  host,
  flags,
  words,
  error,
  more,
  connect,
  header,
  total,
  total_ns,
  header_ns,
  total_ms,
  connect_ms,
  tls_ms,
  header_ms,
  ray,
  cache,
  failure,
  logger,
  level,
  request,
  dimensions,
  count,
  visitor,
  attempts,
};

struct Name {
  std::string_view key;
  Slot slot;
  LogFormat of = LogFormat::unknown;  // the product that alone uses this name
};

// Field names: Cloudflare Logpush "HTTP requests" and GraphQL dimensions; Traefik "JSON format
// fields"; Caddy "log" and zap's own; Envoy's operators under the names its documents and Istio
// use; nginx' variables; Causeway's own.
constexpr std::array kNames{
    Name{"EdgeResponseStatus", Slot::status, LogFormat::cloudflare},
    Name{"OriginResponseStatus", Slot::origin_status, LogFormat::cloudflare},
    Name{"EdgeStartTimestamp", Slot::time, LogFormat::cloudflare},
    Name{"OriginIP", Slot::origin, LogFormat::cloudflare},
    Name{"ClientRequestHost", Slot::host, LogFormat::cloudflare},
    Name{"OriginResponseTime", Slot::header_ns, LogFormat::cloudflare},
    Name{"OriginResponseDurationMs", Slot::total_ms, LogFormat::cloudflare},
    Name{"OriginTCPHandshakeDurationMs", Slot::connect_ms, LogFormat::cloudflare},
    Name{"OriginTLSHandshakeDurationMs", Slot::tls_ms, LogFormat::cloudflare},
    Name{"OriginResponseHeaderReceiveDurationMs", Slot::header_ms, LogFormat::cloudflare},
    Name{"CacheCacheStatus", Slot::cache, LogFormat::cloudflare},
    Name{"RayID", Slot::ray, LogFormat::cloudflare},
    Name{"dimensions", Slot::dimensions, LogFormat::cloudflare_rows},
    Name{"count", Slot::count},
    Name{"edgeResponseStatus", Slot::status, LogFormat::cloudflare_rows},
    Name{"originResponseStatus", Slot::origin_status, LogFormat::cloudflare_rows},
    Name{"datetime", Slot::time, LogFormat::cloudflare_rows},
    Name{"datetimeMinute", Slot::time, LogFormat::cloudflare_rows},
    Name{"datetimeFiveMinutes", Slot::time, LogFormat::cloudflare_rows},
    Name{"datetimeFifteenMinutes", Slot::time, LogFormat::cloudflare_rows},
    Name{"datetimeHour", Slot::time, LogFormat::cloudflare_rows},
    Name{"cacheStatus", Slot::cache, LogFormat::cloudflare_rows},
    Name{"clientRequestHTTPHost", Slot::host, LogFormat::cloudflare_rows},
    Name{"originIP", Slot::origin, LogFormat::cloudflare_rows},
    Name{"DownstreamStatus", Slot::status, LogFormat::traefik},
    Name{"OriginStatus", Slot::origin_status, LogFormat::traefik},
    Name{"StartUTC", Slot::time, LogFormat::traefik},
    Name{"ServiceAddr", Slot::origin, LogFormat::traefik},
    Name{"BackendAddr", Slot::origin, LogFormat::traefik},
    Name{"RequestHost", Slot::host, LogFormat::traefik},
    Name{"Duration", Slot::total_ns, LogFormat::traefik},
    // Not the time of the headers: Traefik writes it for its own 502 and 504 as well.
    Name{"OriginDuration", Slot::none, LogFormat::traefik},
    Name{"RouterName", Slot::none, LogFormat::traefik},
    Name{"response_code", Slot::status, LogFormat::envoy_json},
    Name{"response_flags", Slot::flags, LogFormat::envoy_json},
    Name{"response_code_details", Slot::words, LogFormat::envoy_json},
    Name{"upstream_transport_failure_reason", Slot::more, LogFormat::envoy_json},
    Name{"upstream_host", Slot::origin_url, LogFormat::envoy_json},
    Name{"start_time", Slot::time, LogFormat::envoy_json},
    Name{"authority", Slot::host, LogFormat::envoy_json},
    Name{":authority", Slot::host, LogFormat::envoy_json},
    Name{"upstream_addr", Slot::origin, LogFormat::nginx_json},
    Name{"upstream_status", Slot::origin_status, LogFormat::nginx_json},
    Name{"upstream_connect_time", Slot::connect, LogFormat::nginx_json},
    Name{"upstream_header_time", Slot::header, LogFormat::nginx_json},
    Name{"upstream_cache_status", Slot::cache, LogFormat::nginx_json},
    Name{"request_time", Slot::total, LogFormat::nginx_json},
    Name{"time_iso8601", Slot::time, LogFormat::nginx_json},
    Name{"time_local", Slot::time_local, LogFormat::nginx_json},
    Name{"msec", Slot::time, LogFormat::nginx_json},
    Name{"remote_addr", Slot::none, LogFormat::nginx_json},
    Name{"body_bytes_sent", Slot::none, LogFormat::nginx_json},
    Name{"http_host", Slot::host},
    Name{"server_name", Slot::host},
    Name{"logger", Slot::logger, LogFormat::caddy},
    Name{"msg", Slot::words, LogFormat::caddy},
    Name{"message", Slot::words},
    Name{"error", Slot::error},
    Name{"level", Slot::level},
    Name{"request", Slot::request},
    Name{"duration", Slot::total},
    Name{"status", Slot::status},
    Name{"ts", Slot::time, LogFormat::caddy},
    Name{"time", Slot::time},
    Name{"at", Slot::time},
    Name{"timestamp", Slot::time},
    Name{"@timestamp", Slot::time},
    Name{"host", Slot::host},
    Name{"origin", Slot::origin},
    Name{"origin_status", Slot::origin_status},
    Name{"failure", Slot::failure, LogFormat::causeway},
    Name{"ray", Slot::ray},
    Name{"ray_id", Slot::ray},
    Name{"cf_ray", Slot::ray},
    Name{"cache", Slot::cache},
    Name{"visitor", Slot::visitor, LogFormat::causeway},
    Name{"attempts", Slot::attempts, LogFormat::causeway},
    Name{"duration_ms", Slot::total_ms, LogFormat::causeway},
};

constexpr std::size_t kTableSize = 512;
constexpr int kLeastStatus = 9;  // nginx writes 009 for a request of HTTP/0.9
constexpr int kRequest = 2;      // depth of Caddy's "request"

constexpr std::size_t hashed(std::string_view key) {
  if (key.empty()) return 0;
  std::size_t out = key.size() * 31;
  out += std::size_t{static_cast<unsigned char>(key.front())} * 7;
  out += std::size_t{static_cast<unsigned char>(key.back())} * 13;
  out += std::size_t{static_cast<unsigned char>(key[key.size() / 2])} * 29;
  return out % kTableSize;
}

constexpr std::array<std::uint8_t, kTableSize> table_of_names() {
  std::array<std::uint8_t, kTableSize> out{};  // place in kNames from 1; 0: free
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    std::size_t at = hashed(kNames.at(i).key);
    while (out.at(at) != 0) at = (at + 1) % kTableSize;
    out.at(at) = static_cast<std::uint8_t>(i + 1);
  }
  return out;
}

constexpr auto kTable = table_of_names();

const Name* named(std::string_view key) {
  for (std::size_t at = hashed(key); kTable[at] != 0; at = (at + 1) % kTableSize) {
    const Name& name = kNames[kTable[at] - 1U];
    if (name.key == key) return &name;
  }
  return nullptr;
}

// What a line's fields said, before it is known which product wrote them.
struct Seen {
  std::array<std::uint8_t, kLogFormats> votes{};
  std::string_view logger;
  std::string_view level;
  std::string_view error;
  std::string_view failure;
  std::string_view request_text;
  bool has_failure = false;
  bool has_status = false;
  double duration = kNotLogged;  // unit depends on the product
  double tls_ms = kNotLogged;
};

std::int64_t time_of(double number) {
  if (!(number > 0) || number > 1e19) return kNoTime;
  if (number > 1e17) return static_cast<std::int64_t>(number / 1e6);  // nanoseconds
  if (number > 1e14) return static_cast<std::int64_t>(number / 1e3);
  if (number > 1e11) return static_cast<std::int64_t>(number);
  return static_cast<std::int64_t>(number * 1e3);
}

int small(double number) {
  return number >= 0 && number < 1000 && number == std::floor(number) ? static_cast<int>(number)
                                                                      : -1;
}

class Filler {
 public:
  Filler(LogClock& clock, Seen& seen, LogLine& out) : clock_(clock), seen_(seen), out_(out) {}

  // False when the object breaks off.
  bool object(ondemand::object object, int depth) {
    for (auto entry : object) {
      ondemand::field field;
      if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
      const char* raw = field.key().raw();
      std::size_t length = 0;
      while (raw[length] != '"' && length < 64) ++length;
      const Name* name = named({raw, length});
      if (name == nullptr) continue;
      ++seen_.votes.at(static_cast<std::size_t>(name->of));
      if (name->slot != Slot::none && !value(name->slot, field.value(), depth)) return false;
      // Of a request only the host is wanted; its headers are passed over whole.
      if (depth == kRequest && name->slot == Slot::host) return true;
    }
    return true;
  }

 private:
  bool value(Slot slot, ondemand::value value, int depth) {
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    if (type == ondemand::json_type::string) {
      std::string_view text;
      if (value.get_string().get(text) != simdjson::SUCCESS) return false;
      string(slot, text);
    } else if (type == ondemand::json_type::number) {
      double number = 0;
      if (value.get_double().get(number) != simdjson::SUCCESS) return false;
      this->number(slot, number);
    } else if (type == ondemand::json_type::object && depth == 0 &&
               (slot == Slot::request || slot == Slot::dimensions)) {
      ondemand::object inner;
      if (value.get_object().get(inner) != simdjson::SUCCESS) return false;
      return object(inner, slot == Slot::request ? kRequest : depth + 1);
    } else if (type == ondemand::json_type::array && slot == Slot::attempts) {
      ondemand::array all;
      if (value.get_array().get(all) != simdjson::SUCCESS) return false;
      return attempts(all);
    } else if (slot == Slot::failure) {
      seen_.has_failure = true;  // null: nothing failed
    }
    return true;
  }

  // The edge's own attempts, in order: the last one decided.
  bool attempts(ondemand::array all) {
    int count = 0;
    for (auto entry : all) {
      ondemand::object attempt;
      if (entry.get_object().get(attempt) != simdjson::SUCCESS) return false;
      out_.retried = ++count > 1;
      out_.origin = {};
      for (auto part : attempt) {
        ondemand::field field;
        if (std::move(part).get(field) != simdjson::SUCCESS) return false;
        const auto key = field.key();
        if (key == "handshake_ms") out_.secure = true;
        const bool address = key == "address";
        const bool failure = key == "failure";
        if (!address && !failure && !(key == "origin")) continue;
        std::string_view text;
        if (field.value().get_string().get(text) != simdjson::SUCCESS) return false;
        if (failure) {
          out_.words = text;
        } else if (address || out_.origin.empty()) {
          out_.origin = text;
        }
      }
    }
    return true;
  }

  void string(Slot slot, std::string_view text) {
    std::size_t length = 0;
    switch (slot) {
      case Slot::time: set_time(clock_.iso(text, length, out_.zoned)); break;
      case Slot::time_local: set_time(clock_.access(text, length, out_.zoned)); break;
      case Slot::origin: out_.origin = last_of_list(text, out_.retried); break;
      case Slot::origin_url: out_.origin = origin_of_url(text, out_.secure); break;
      case Slot::host: out_.host = text; break;
      case Slot::flags: out_.flags = text; break;
      case Slot::words: out_.words = text; break;
      case Slot::error: seen_.error = text; break;
      case Slot::more: out_.more = text; break;
      case Slot::ray: out_.ray = text; break;
      case Slot::cache: out_.cache = text; break;
      case Slot::failure:
        seen_.failure = text;
        seen_.has_failure = true;
        break;
      case Slot::logger: seen_.logger = text; break;
      case Slot::level: seen_.level = text; break;
      case Slot::request: seen_.request_text = text; break;
      case Slot::visitor: out_.flags = text; break;
      case Slot::status:
        out_.status = status_of(text);
        seen_.has_status = true;
        break;
      case Slot::origin_status: {
        const auto last = last_of_list(text, out_.retried);
        out_.origin_status = last == "-" ? 0 : status_of(last);
        break;
      }
      case Slot::connect: out_.connect_ms = seconds_as_ms(last_of_list(text, out_.retried)); break;
      case Slot::header: out_.header_ms = seconds_as_ms(last_of_list(text, out_.retried)); break;
      case Slot::total: out_.total_ms = seconds_as_ms(text); break;
      default: break;
    }
  }

  void number(Slot slot, double number) {
    switch (slot) {
      case Slot::status:
        out_.status = small(number) >= kLeastStatus ? small(number) : 0;
        seen_.has_status = true;
        break;
      case Slot::origin_status: out_.origin_status = small(number); break;
      case Slot::time: set_time(time_of(number)); break;
      case Slot::total: seen_.duration = number; break;
      case Slot::connect: out_.connect_ms = number * 1e3; break;
      case Slot::header: out_.header_ms = number * 1e3; break;
      case Slot::total_ns: out_.total_ms = number / 1e6; break;
      case Slot::header_ns: out_.header_ms = number / 1e6; break;
      case Slot::total_ms: out_.total_ms = number; break;
      case Slot::connect_ms: out_.connect_ms = number; break;
      case Slot::tls_ms: seen_.tls_ms = number; break;
      case Slot::header_ms: out_.header_ms = number; break;
      case Slot::count:
        if (number >= 1 && number < 1e15) out_.weight = static_cast<std::uint64_t>(number);
        break;
      default: break;
    }
  }

  void set_time(std::int64_t at) {
    if (at == kNoTime) return;
    out_.at = at;
    out_.zoned = true;
  }

  LogClock& clock_;
  Seen& seen_;
  LogLine& out_;
};

bool tells(std::string_view level) {
  return level.empty() || level == "error" || level == "ERROR" || level == "warn" ||
         level == "WRN" || level == "fatal" || level == "panic";
}

// Products whose own names were seen, most telling first.
LogFormat product(const Seen& seen, const LogLine& line) {
  const auto voted = [&](LogFormat format) {
    return seen.votes.at(static_cast<std::size_t>(format)) > 0;
  };
  // zap's own names, two at least: others use one of them.
  if (seen.votes.at(static_cast<std::size_t>(LogFormat::caddy)) >= 2) return LogFormat::caddy;
  for (const auto format : {LogFormat::cloudflare_rows, LogFormat::cloudflare, LogFormat::traefik,
                            LogFormat::envoy_json}) {
    if (voted(format)) return format;
  }
  if (seen.has_status && (voted(LogFormat::causeway))) return LogFormat::causeway;
  if (voted(LogFormat::nginx_json) && seen.has_status) return LogFormat::nginx_json;
  const bool go = !seen.level.empty() &&
                  (!seen.error.empty() || line.words.find("caused by: ") != std::string_view::npos);
  return go && !seen.has_status ? LogFormat::traefik : LogFormat::unknown;
}

// Go's errors name the address: "dial tcp 10.0.0.5:80: connect: ...", "read tcp A->10.0.0.5:80:
// ...".
std::string_view go_origin(std::string_view text) {
  std::size_t from = std::string_view::npos;
  if (const auto dial = text.find("dial tcp "); dial != std::string_view::npos) {
    from = dial + 9;
  } else if (const auto arrow = text.find("->"); arrow != std::string_view::npos) {
    from = arrow + 2;
  } else if (const auto socket = text.find("dial unix "); socket != std::string_view::npos) {
    from = socket + 10;
  }
  if (from == std::string_view::npos || text.substr(from).starts_with("lookup ")) return {};
  return text.substr(from, text.find(": ", from) - from);
}

bool settle(const Seen& seen, LogLine& out) {
  out.format = product(seen, out);
  out.failure = seen.failure;
  switch (out.format) {
    case LogFormat::unknown: return false;
    case LogFormat::caddy:
      if (seen.duration >= 0) out.total_ms = seen.duration * 1e3;
      out.error_level = tells(seen.level);
      if (!seen.error.empty()) out.more = seen.error;
      out.origin = go_origin(out.more.empty() ? out.words : out.more);
      break;
    case LogFormat::traefik:
      out.error_level =
          tells(seen.level) || out.words.find("caused by: ") != std::string_view::npos;
      if (!seen.error.empty()) out.more = seen.error;
      if (out.status != 0) out.words = {};
      if (out.origin.empty()) out.origin = go_origin(out.more.empty() ? out.words : out.more);
      break;
    case LogFormat::envoy_json:
      if (seen.duration >= 0) out.total_ms = seen.duration;
      break;
    case LogFormat::nginx_json:
      if (seen.duration >= 0) out.total_ms = seen.duration * 1e3;
      break;
    case LogFormat::cloudflare:
      if (seen.tls_ms > 0) out.secure = true;
      break;
    default: break;
  }
  return true;
}

}  // namespace

struct JsonLogReader::State {
  ondemand::parser parser;
  std::string padded;

  // The document over bytes that stay as they are until the next call.
  bool document(std::string_view text, bool has_padding, ondemand::document& out) {
    if (!has_padding) {
      padded.assign(text);
      padded.append(simdjson::SIMDJSON_PADDING, '\0');
      text = std::string_view{padded}.substr(0, text.size());
    }
    return parser.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING)
               .get(out) == simdjson::SUCCESS;
  }
};

static_assert(kLogPadding >= simdjson::SIMDJSON_PADDING);

JsonLogReader::JsonLogReader() : state_(std::make_unique<State>()) {}
JsonLogReader::~JsonLogReader() = default;
JsonLogReader::JsonLogReader(JsonLogReader&&) noexcept = default;
JsonLogReader& JsonLogReader::operator=(JsonLogReader&&) noexcept = default;

namespace {

// What is left of `text` behind `front`; nothing when it begins otherwise.
std::optional<std::string_view> behind(std::string_view text, std::string_view front) {
  if (!text.starts_with(front)) return std::nullopt;
  return text.substr(front.size());
}

// "1795615331.1234567" seconds as milliseconds, and what stands behind them.
std::int64_t seconds_at(std::string_view& rest) {
  std::int64_t whole = 0;
  const char* const end = rest.data() + rest.size();
  auto [at, failed] = std::from_chars(rest.data(), end, whole);
  if (failed != std::errc{} || whole <= 0 || whole > 100'000'000'000) return kNoTime;
  std::int64_t ms = 0;
  if (at != end && *at == '.') {
    int digits = 0;
    for (++at; at != end && *at >= '0' && *at <= '9'; ++at, ++digits) {
      if (digits < 3) ms = ms * 10 + (*at - '0');
    }
    for (; digits < 3; ++digits) ms *= 10;
  }
  rest.remove_prefix(static_cast<std::size_t>(at - rest.data()));
  return whole * 1000 + ms;
}

// Caddy's line about a request that was served, in the order in which its encoder (zap) writes it.
// Most lines of a log are of this kind, and their many fields say nothing more. A key inside a
// string has its quotation marks escaped, so "status": with a number behind it is the key.
bool served_by_caddy(std::string_view line, LogLine& out) {
  constexpr std::string_view kStatus = R"("status":)";
  auto rest = behind(line, R"({"level":"info","ts":)");
  if (!rest || !line.ends_with('}')) return false;
  const auto at = seconds_at(*rest);
  rest = behind(*rest, R"(,"logger":"http.log.access)");
  if (at == kNoTime || !rest) return false;
  const auto end = rest->find('"');
  if (end == std::string_view::npos) return false;
  rest = behind(rest->substr(end), R"(","msg":"handled request",)");
  if (!rest) return false;
  const auto* found = static_cast<const char*>(
      ::memmem(rest->data(), rest->size(), kStatus.data(), kStatus.size()));
  if (found == nullptr) return false;
  const std::string_view value{found + kStatus.size(), line.data() + line.size()};
  const int status = status_of(value.substr(0, 3));
  if (status < 200 || status >= 400 || value.size() < 4 || (value[3] != ',' && value[3] != '}'))
    return false;
  out.format = LogFormat::caddy;
  out.at = at;
  out.zoned = true;
  out.status = status;
  out.error_level = false;
  return true;
}

}  // namespace

bool JsonLogReader::read(std::string_view line, bool padded, LogClock& clock, LogLine& out) {
  if (served_by_caddy(line, out)) return true;
  ondemand::document document;
  ondemand::object object;
  if (!state_->document(line, padded, document)) return false;
  if (document.get_object().get(object) != simdjson::SUCCESS) return false;
  Seen seen;
  return Filler{clock, seen, out}.object(object, 0) && settle(seen, out);
}

std::optional<std::size_t> JsonLogReader::rows(std::string_view document, LogClock& clock,
                                               const void* context,
                                               void (*each)(const void*, const LogLine&)) {
  ondemand::document parsed;
  if (!state_->document(document, false, parsed)) return std::nullopt;
  ondemand::array zones;
  if (parsed["data"]["viewer"]["zones"].get_array().get(zones) != simdjson::SUCCESS)
    return std::nullopt;
  std::size_t count = 0;
  for (auto entry : zones) {
    ondemand::object zone;
    if (entry.get_object().get(zone) != simdjson::SUCCESS) return std::nullopt;
    for (auto set : zone) {
      ondemand::array groups;
      if (set.value().get_array().get(groups) != simdjson::SUCCESS) continue;
      for (auto row : groups) {
        ondemand::object object;
        if (row.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
        LogLine line;
        Seen seen;
        if (!Filler{clock, seen, line}.object(object, 0)) return std::nullopt;
        if (!settle(seen, line)) continue;
        each(context, line);
        ++count;
      }
    }
  }
  return count;
}

}  // namespace causeway::codec
