// HAProxy's log lines (configuration.txt, chapter 8: TCP, HTTP and HTTPS formats, the error format
// and the states at disconnection of 8.5) and its messages about servers that go up and down.
#include <array>

#include "base/text.hpp"
#include "codec/log_fields.hpp"
#include "codec/log_line.hpp"

namespace causeway::codec {
namespace {

constexpr std::size_t kFrontBytes = 128;

// "10/0/30/69/109": how many parts; -1 for each that was not reached.
std::size_t read_timers(std::string_view text, std::array<std::int64_t, 5>& out) {
  std::size_t count = 0;
  while (!text.empty()) {
    if (count == out.size()) return 0;
    auto digits = take_until(text, '/');
    if (digits.starts_with('+')) digits.remove_prefix(1);  // option logasap
    const auto number = whole_number(digits);
    if (number < 0 && digits != "-1") return 0;
    out.at(count++) = number;
  }
  return count;
}

double reached(std::int64_t ms) { return ms < 0 ? kNotReached : static_cast<double>(ms); }

bool are_flags(std::string_view text) {
  if (text.size() != 2 && text.size() != 4) return false;
  constexpr std::string_view kFirst = "CSPLRIDUKcs-";
  constexpr std::string_view kSecond = "RQCHDLT-";
  return kFirst.find(text[0]) != std::string_view::npos &&
         kSecond.find(text[1]) != std::string_view::npos;
}

std::string_view host_of_request(std::string_view request) {
  (void)take_word(request);  // method
  const auto target = take_word(request);
  const auto at = target.find("://");
  if (at == std::string_view::npos) return {};
  const auto host = target.substr(at + 3);
  return host.substr(0, host.find_first_of(":/?"));
}

bool read_session(std::string_view rest, LogLine& out) {
  (void)take_word(rest);  // frontend
  const auto server = take_word(rest);
  std::array<std::int64_t, 5> timers{};
  const auto parts = read_timers(take_word(rest), timers);
  if (server.find('/') == std::string_view::npos || parts < 3) return false;
  const auto first = take_word(rest);
  if (parts == 5) {
    out.status = status_of(first);
    if (out.status == 0 && first != "-1") return false;
    (void)take_word(rest);  // bytes
    (void)take_word(rest);  // captured cookies
    (void)take_word(rest);
    out.connect_ms = reached(timers[2]);
    out.header_ms = reached(timers[3]);
    out.total_ms = reached(timers[4]);
  } else {
    out.connect_ms = reached(timers[1]);
    out.total_ms = reached(timers[2]);
  }
  out.flags = take_word(rest);
  if (!are_flags(out.flags)) return false;
  out.format = LogFormat::haproxy;
  out.origin = server;
  const auto quote = rest.find('"');
  if (quote != std::string_view::npos) out.host = host_of_request(rest.substr(quote + 1));
  return true;
}

bool read_health(std::string_view line, LogLine& out) {
  if (const auto at = line.find("Server "); at != std::string_view::npos) {
    auto rest = line.substr(at + 7);
    const auto server = take_word(rest);
    if (server.find('/') == std::string_view::npos || !trim(rest).starts_with("is ")) return false;
    out.origin = server;
    out.words = trim(rest);
  } else if (const auto check = line.find("Health check for "); check != std::string_view::npos) {
    auto rest = line.substr(check + 17);
    if (rest.starts_with("backup ")) rest.remove_prefix(7);
    if (!rest.starts_with("server ")) return false;
    rest.remove_prefix(7);
    out.origin = take_word(rest);
    out.words = trim(rest);
  } else if (const auto none = line.find(" has no server available!");
             none != std::string_view::npos) {
    const auto front = line.substr(0, none);
    const auto blank = front.rfind(' ');
    out.origin = blank == std::string_view::npos ? front : front.substr(blank + 1);
    out.words = line.substr(none + 1);
  } else {
    return false;
  }
  out.format = LogFormat::haproxy_health;
  out.health_check = true;
  return true;
}

}  // namespace

bool read_haproxy_line(std::string_view line, LogClock& clock, LogLine& out) {
  const auto open = line.substr(0, kFrontBytes).find('[');
  if (open != std::string_view::npos && open > 1 && line[open - 1] == ' ') {
    const auto close = line.find(']', open);
    const auto at = clock.haproxy(line.substr(open + 1));
    if (at != kNoTime && close != std::string_view::npos && close - open <= 32) {
      const auto before = out.at;
      out.at = at;
      auto rest = line.substr(close + 1);
      if (read_session(rest, out)) return true;
      // "fe/1: SSL handshake failure": the frontend's own side.
      const auto frontend = take_word(rest);
      if (frontend.ends_with(':') && rest.size() > 4 &&
          (rest.find("handshake") != std::string_view::npos ||
           rest.find("rror") != std::string_view::npos)) {
        out.format = LogFormat::haproxy;
        out.words = trim(rest);
        return true;
      }
      out.at = before;
      return false;
    }
  }
  return read_health(line, out);
}

}  // namespace causeway::codec
