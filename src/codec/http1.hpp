// The shared words of HTTP/1 on the wire (RFC 9112): field lines, what can be wrong with a message,
// and how much of it may be repaired. No I/O in any http1 file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace causeway::codec {

// Views into the bytes of the message that holds them.
struct HeaderField {
  std::string_view name;
  std::string_view value;  // without the blanks around it
};

// Value of the first field of this name (case-insensitive), if there is one.
std::optional<std::string_view> find_field(std::span<const HeaderField> fields,
                                           std::string_view name);

// True when a comma-separated list in any field of this name has `token` (case-insensitive).
bool field_lists(std::span<const HeaderField> fields, std::string_view name,
                 std::string_view token);

// What is wrong with a message. Every one has a sentence; none is ever repaired silently.
enum class HttpFault : std::uint8_t {
  none,
  not_http,            // the first bytes are neither HTTP nor text
  http_0_9,            // text without a status line
  h2_frames,           // HTTP/2 frames in answer to an HTTP/1.1 request
  bad_status_line,     // begins like HTTP, then breaks RFC 9112 section 4
  unknown_version,     // HTTP/2.0, HTTP/3 ... as text
  no_colon,            // a field line without a colon
  bad_field_name,      // a byte in the name that is no token (RFC 9110 5.6.2)
  space_before_colon,  // RFC 9112 5.1
  folded_line,         // obs-fold, RFC 9112 5.2
  nul_byte,
  control_byte,  // in a value or reason phrase (RFC 9110 5.5)
  bare_cr,       // a CR that no LF follows (RFC 9112 2.2)
  bare_lf,       // a line that ends in LF alone
  head_too_large,
  too_many_lines,
  bad_length,          // Content-Length that is no number, or too large a one
  conflicting_length,  // several Content-Length values that differ (RFC 9112 6.3)
  length_with_coding,  // Content-Length beside Transfer-Encoding (RFC 9112 6.3)
  unknown_coding,      // a transfer coding nobody asked for, or chunked twice
  bad_chunk_size,      // RFC 9112 7.1
  bad_chunk_end,       // chunk data without its line end
  chunk_line_too_long,
  bad_trailer,
  too_many_interim,  // 1xx answers without end
  unasked_upgrade,   // 101 although no upgrade was asked for
  extra_bytes,       // more bytes than the message announced
  nothing,           // the end came before the first byte
  head_cut,          // the end came inside the head
  body_cut,          // the end came before the announced end of the body
};

std::string_view name(HttpFault fault);      // "no_colon"
std::string_view sentence(HttpFault fault);  // "a header line has no colon"

// What is tolerated. RFC 9112 lets, or makes, a gateway repair some old habits of servers; edges
// do.
struct HttpPolicy {
  bool bare_lf = false;             // 2.2: may take a single LF as line end
  bool space_before_colon = false;  // 5.1: a proxy must remove it from a response
  bool folding = false;             // 5.2: may replace it with blanks in a response
};

inline constexpr HttpPolicy kHttpAsEdge{
    .bare_lf = true, .space_before_colon = true, .folding = true};
inline constexpr HttpPolicy kHttpStrict{};

}  // namespace causeway::codec
