// One line of a proxy's or web server's log, taken apart and not judged: when, which status, which
// origin, and the words that say what happened. Pure, no allocation: everything points into the
// line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "base/time.hpp"
#include "codec/log_time.hpp"
#include "codec/log_wrap.hpp"

namespace causeway::codec {

enum class LogFormat : std::uint8_t {
  unknown,
  access,          // common and combined log format, and what servers append to it
  nginx_error,     // ngx_log_error
  nginx_json,      // a log_format of JSON with nginx' own variable names
  apache_error,    // ErrorLogFormat's default
  haproxy,         // option httplog, tcplog, httpslog, and the short line of a failed handshake
  haproxy_health,  // "Server bk/s1 is DOWN, reason: ..."
  envoy,           // the default text format, and Istio's
  envoy_json,
  caddy,
  traefik,          // JSON, access and own log
  cloudflare,       // Logpush http_requests
  cloudflare_rows,  // httpRequestsAdaptiveGroups of the GraphQL API
  causeway,         // causeway edge --access-log
};

inline constexpr std::size_t kLogFormats = static_cast<std::size_t>(LogFormat::causeway) + 1;

// "nginx error", "access (combined)" ...
std::string_view name(LogFormat format);
// "nginx-error", "access" ...: for programs.
std::string_view id(LogFormat format);

inline constexpr double kNotLogged = -1;   // the format has no such field
inline constexpr double kNotReached = -2;  // it has, and says "-": this point was never reached

struct LogLine {
  LogFormat format = LogFormat::unknown;
  std::int64_t at = kNoTime;  // milliseconds since 1970, UTC
  bool zoned = false;         // the line said in which zone; otherwise the clock's was taken
  int status = 0;             // what the client got; 0: none is written
  int origin_status = -1;     // what the origin answered; 0: it did not; -1: not written
  std::string_view origin;    // "10.0.0.5:8080", a name, "bk/s1", "unix:/run/php.sock"
  std::string_view host;      // the site asked for
  std::string_view flags;     // HAProxy's termination state, Envoy's response flags
  std::string_view words;     // message, details or reason
  std::string_view more;      // a second text that tells: Envoy's transport failure
  std::string_view ray;
  std::string_view failure;  // a failure id, in Causeway's own log
  std::string_view cache;    // cache status, where one is written
  double connect_ms = kNotLogged;
  double header_ms = kNotLogged;
  double total_ms = kNotLogged;
  bool secure = false;      // TLS towards the origin is written
  bool retried = false;     // more than one origin was asked for this request
  bool error_level = true;  // error logs: error or worse, or a warning that tells
  bool health_check = false;
  std::uint64_t weight = 1;  // requests that this line stands for
};

// Takes lines of one file apart. Knows what the file's lines looked like so far, so that the common
// case costs one try.
class LogReader {
 public:
  explicit LogReader(LogClock clock = {});
  ~LogReader();
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;

  // `line` is without its end. At least kLogPadding bytes behind it may be read (JSON is read
  // sixty- four bytes at a time); pass `padded` false when they may not, and the line is copied
  // first. False when no dialect fits; `out` then holds nothing. What a container's log driver put
  // around the line is taken off; then `out` points into the reader, until the next call. Of a
  // request that was served well only when and status may be taken.
  bool read(std::string_view line, bool padded, LogLine& out);

  // The last line was a piece of one that is not whole yet: no reason to call it unknown.
  bool in_pieces() const { return in_pieces_; }

  // A whole answer of Cloudflare's GraphQL API, over several lines or one: each row in turn.
  // Returns how many there were; nothing when `document` is no such answer.
  template <class Each>
  std::optional<std::size_t> rows(std::string_view document, Each&& each) {
    const Call<Each> call{each};
    return rows_of(document, &call, [](const void* context, const LogLine& line) {
      static_cast<const Call<Each>*>(context)->each(line);
    });
  }

 private:
  struct Json;
  template <class Each>
  struct Call {
    Each& each;
  };

  bool text_line(std::string_view line, LogLine& out);
  bool bare_line(std::string_view line, bool padded, LogLine& out);
  std::optional<std::size_t> rows_of(std::string_view document, const void* context,
                                     void (*each)(const void*, const LogLine&));

  LogClock clock_;
  std::unique_ptr<Json> json_;
  LogWrap wrap_;
  bool in_pieces_ = false;
  LogFormat last_ = LogFormat::unknown;
};

inline constexpr std::size_t kLogPadding = 64;

// The text dialects one by one; false: the line is not of this kind.
bool read_access_line(std::string_view line, LogClock& clock, LogLine& out);
bool read_nginx_error(std::string_view line, LogClock& clock, LogLine& out);
bool read_apache_error(std::string_view line, LogClock& clock, LogLine& out);
bool read_haproxy_line(std::string_view line, LogClock& clock, LogLine& out);
bool read_envoy_line(std::string_view line, LogClock& clock, LogLine& out);

// Without "<134>", "Nov 25 14:02:11 host haproxy[123]: " or its RFC 5424 and RFC 3339 forms; the
// time, when the header has one, goes into `out`.
std::string_view without_syslog_header(std::string_view line, LogClock& clock, LogLine& out);

}  // namespace causeway::codec
