// The head of a request as a server reads it: strict, because what two readers of one connection
// read differently is how requests are smuggled (RFC 9112 sections 2.2, 3, 5, 6.3 and 11.2).
// Nothing is repaired. Views into the caller's bytes; no memory of its own but the list of fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "codec/http1.hpp"
#include "codec/http1_body.hpp"

namespace causeway::codec {

// Why a request is refused. Each has its status and a sentence for the person who sent it.
enum class RequestFault : std::uint8_t {
  none,
  bad_request_line,
  bad_method,
  bad_target,
  bad_version,   // not HTTP/1.0 or HTTP/1.1: 505
  not_http,      // a TLS greeting on a plain port, or other bytes
  bad_line_end,  // a CR or LF that is not CR LF
  bad_field_name,
  space_before_colon,
  folded_line,
  control_byte,
  no_host,
  several_hosts,
  bad_host,
  bad_length,
  several_lengths,
  length_with_coding,
  unknown_coding,  // 501
  coding_in_http_1_0,
  unknown_expectation,  // 417
  target_too_long,      // 414
  head_too_large,       // 431
  too_many_lines,       // 431
  method_refused,       // CONNECT and TRACE: 405
  bad_body,             // broken chunks
  body_too_large,       // 413
  cut,                  // the connection ended before the request did
};
std::string_view name(RequestFault fault);
std::string_view sentence(RequestFault fault);
int status(RequestFault fault);

struct RequestLimits {
  std::size_t head_bytes = limits::kRequestHeadBytes;
  std::size_t target_bytes = limits::kUrlBytes;
  int lines = limits::kRequestHeaderLines;
};

struct RequestHead {
  std::string_view method;
  std::string_view target;  // origin-form, or "*"; of an absolute-form what follows the authority
  std::string_view authority;  // Host, or that of an absolute-form
  std::string_view host;       // without port
  std::uint16_t port = 0;      // 0: none was named
  int minor_version = 1;
  std::vector<HeaderField> fields;  // as sent, Host among them
  Framing framing = Framing::none;
  std::uint64_t length = 0;  // of Framing::length
  bool keep_alive = true;
  bool expects_continue = false;
  bool wants_upgrade = false;   // "Connection: upgrade" beside an Upgrade field, in HTTP/1.1
  bool has_connection = false;  // a Connection field: others may have to go with it
  bool takes_trailers = false;  // "TE: trailers"

  std::string_view path() const { return target.substr(0, target.find('?')); }
};

struct RequestParse {
  std::size_t taken = 0;  // bytes of the head with its empty line; 0: more is needed
  RequestFault fault = RequestFault::none;
};

// Reads the head at the front of `bytes`. `head` is filled when `taken` > 0; its views hold as long
// as the bytes do. With the same bytes and more behind them the outcome is the same.
RequestParse parse_request_head(std::string_view bytes, const RequestLimits& limits,
                                RequestHead& head);

// GET, HEAD, OPTIONS, TRACE (RFC 9110 9.2.1), PUT and DELETE (9.2.2): sending twice is sending
// once.
bool is_idempotent(std::string_view method);

// "example.net", "example.net:8443", "[2001:db8::1]:80" into its parts. False: no authority.
bool split_authority(std::string_view authority, std::string_view& host, std::uint16_t& port);

}  // namespace causeway::codec
