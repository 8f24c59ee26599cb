// Envoy's default text format and Istio's, which adds details and the transport failure after the
// response flags (Envoy: "Access logging", default format string; Istio: "Envoy access logs").
#include <array>

#include "codec/log_fields.hpp"
#include "codec/log_line.hpp"

namespace causeway::codec {

bool read_envoy_line(std::string_view line, LogClock& clock, LogLine& out) {
  if (line.size() < 40 || line.front() != '[') return false;
  std::size_t length = 0;
  out.at = clock.iso(line.substr(1), length, out.zoned);
  if (out.at == kNoTime || line.size() < length + 5 || line[length + 1] != ']') return false;
  auto rest = line.substr(length + 2);
  bool quoted = false;
  (void)take_field(rest, quoted);  // request
  if (!quoted) return false;
  const auto status = take_word(rest);
  out.status = status_of(status);
  if (out.status == 0 && status != "0") return false;
  out.flags = take_word(rest);
  if (out.flags.empty()) return false;
  out.format = LogFormat::envoy;
  if (out.status < 499 && out.status > 0 && out.flags == "-") return true;
  auto details = take_word(rest);
  const bool detailed = whole_number(details) < 0;
  if (detailed) {
    out.words = details;
    (void)take_word(rest);  // connection termination details
    out.more = take_field(rest, quoted);
    if (out.more == "-") out.more = {};
    (void)take_word(rest);  // bytes received
  }
  (void)take_word(rest);  // bytes sent
  const auto took = whole_number(take_word(rest));
  if (took >= 0) out.total_ms = static_cast<double>(took);
  const auto service = take_word(rest);
  out.header_ms = service == "-" ? kNotReached : static_cast<double>(whole_number(service));
  std::array<std::string_view, 5> texts{};  // forwarded-for, agent, id, authority, origin
  for (auto& text : texts) text = take_field(rest, quoted);
  if (texts[3] != "-") out.host = texts[3];
  if (texts[4] != "-") out.origin = origin_of_url(texts[4], out.secure);
  return true;
}

}  // namespace causeway::codec
