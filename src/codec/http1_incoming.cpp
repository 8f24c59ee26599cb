#include "codec/http1_incoming.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "codec/byte_scan.hpp"
#include "codec/http1_head.hpp"
#include "codec/http1_trailer.hpp"

namespace causeway::codec {
namespace {

struct FaultRow {
  RequestFault fault;
  int status;
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array kFaults{
    FaultRow{RequestFault::none, 0, "none", "nothing is wrong"},
    FaultRow{RequestFault::bad_request_line, 400, "bad_request_line", "the request line is broken"},
    FaultRow{RequestFault::bad_method, 400, "bad_method", "the method has a byte it must not have"},
    FaultRow{RequestFault::bad_target, 400, "bad_target",
             "the request target has a byte or form it must not have"},
    FaultRow{RequestFault::bad_version, 505, "bad_version", "the version is not HTTP/1.0 or 1.1"},
    FaultRow{RequestFault::not_http, 400, "not_http", "the request is not HTTP"},
    FaultRow{RequestFault::bad_line_end, 400, "bad_line_end", "a line does not end in CR LF"},
    FaultRow{RequestFault::bad_field_name, 400, "bad_field_name",
             "a header name is missing or has a byte it must not have"},
    FaultRow{RequestFault::space_before_colon, 400, "space_before_colon",
             "a blank stands between a header name and its colon"},
    FaultRow{RequestFault::folded_line, 400, "folded_line",
             "a header is folded over several lines"},
    FaultRow{RequestFault::control_byte, 400, "control_byte", "a header has a control byte"},
    FaultRow{RequestFault::no_host, 400, "no_host", "the Host header is missing"},
    FaultRow{RequestFault::several_hosts, 400, "several_hosts", "there are several Host headers"},
    FaultRow{RequestFault::bad_host, 400, "bad_host", "the Host header is no host name"},
    FaultRow{RequestFault::bad_length, 400, "bad_length", "Content-Length is not a number"},
    FaultRow{RequestFault::several_lengths, 400, "several_lengths",
             "there are several Content-Length headers"},
    FaultRow{RequestFault::length_with_coding, 400, "length_with_coding",
             "Content-Length stands beside Transfer-Encoding"},
    FaultRow{RequestFault::unknown_coding, 501, "unknown_coding",
             "Transfer-Encoding names something other than chunked once"},
    FaultRow{RequestFault::coding_in_http_1_0, 400, "coding_in_http_1_0",
             "HTTP/1.0 knows no Transfer-Encoding"},
    FaultRow{RequestFault::unknown_expectation, 417, "unknown_expectation",
             "Expect names something other than 100-continue"},
    FaultRow{RequestFault::target_too_long, 414, "target_too_long", "the URL is too long"},
    FaultRow{RequestFault::head_too_large, 431, "head_too_large", "the headers are too large"},
    FaultRow{RequestFault::too_many_lines, 431, "too_many_lines", "there are too many headers"},
    FaultRow{RequestFault::method_refused, 405, "method_refused", "this method is not served here"},
    FaultRow{RequestFault::bad_body, 400, "bad_body", "the chunks of the body are broken"},
    FaultRow{RequestFault::body_too_large, 413, "body_too_large",
             "the body is larger than is accepted"},
    FaultRow{RequestFault::cut, 400, "cut", "the request ends before it is complete"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    if (std::to_underlying(kFaults.at(i).fault) != i) return false;
  }
  return true;
}
static_assert(in_order(), "kFaults must follow the order of RequestFault");

constexpr std::size_t kVersionBytes = 8;   // "HTTP/1.1"
constexpr std::size_t kShortestLine = 14;  // "A / HTTP/1.1"CR LF
constexpr std::uint64_t kMostLength = std::uint64_t{1} << 60U;

// What a value may hold (RFC 9110 5.5): no controls but the tab.
constexpr auto kValueBytes = [] {
  std::array<bool, 256> out{};
  for (unsigned c = 0x20; c < 256; ++c) out.at(c) = c != 0x7f;
  out.at('\t') = true;
  return out;
}();

// What a target may hold: visible ASCII without the bytes that RFC 3986 has no place for and that
// readers treat differently.
constexpr auto kTargetBytes = [] {
  std::array<bool, 256> out{};
  for (unsigned c = 0x21; c < 0x7f; ++c) out.at(c) = true;
  for (const char c : {'#', '"', '<', '>', '\\'}) out.at(static_cast<unsigned char>(c)) = false;
  return out;
}();

template <class Table>
bool all_in(std::string_view text, const Table& table) {
  return std::ranges::all_of(text, [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool starts_absolute(std::string_view target) {
  return target.size() > 7 && (equals_ignoring_case(target.substr(0, 7), "http://") ||
                               equals_ignoring_case(target.substr(0, 8), "https://"));
}

// Everything one head is read with.
class Reading {
 public:
  Reading(std::string_view bytes, const RequestLimits& limits, RequestHead& head)
      : bytes_(bytes), limits_(limits), head_(head) {}

  RequestParse run();

 private:
  // The next line without CR LF; false when it is not all there, or at a fault.
  bool line(std::string_view& out);
  bool request_line(std::string_view line);
  bool target(std::string_view text);
  bool field(std::string_view line);
  bool known_field(std::string_view name, std::string_view value);
  void list_of_connection(std::string_view value);
  bool length(std::string_view value);
  bool coding(std::string_view value);
  bool finish();
  bool fail(RequestFault fault) {
    fault_ = fault;
    return false;
  }
  RequestParse unfinished();

  std::string_view bytes_;
  const RequestLimits& limits_;
  RequestHead& head_;
  std::size_t at_ = 0;
  RequestFault fault_ = RequestFault::none;
  int hosts_ = 0;
  std::string_view host_line_;
  int codings_ = 0;
  int chunked_ = 0;
  bool has_length_ = false;
  bool close_ = false;
  bool keep_ = false;
  bool upgrade_listed_ = false;
  bool upgrade_named_ = false;
  bool absolute_ = false;
};

bool Reading::line(std::string_view& out) {
  const char* from = bytes_.data() + at_;
  const std::size_t have = bytes_.size() - at_;
  const auto* lf = static_cast<const char*>(std::memchr(from, '\n', have));
  if (lf == nullptr) return false;
  const auto length = static_cast<std::size_t>(lf - from);
  if (length == 0 || from[length - 1] != '\r') return fail(RequestFault::bad_line_end);
  out = {from, length - 1};
  at_ += length + 1;
  return true;
}

// Not all there yet: what can be known to be wrong already is said now.
RequestParse Reading::unfinished() {
  if (fault_ != RequestFault::none) return {0, fault_};
  if (bytes_.size() >= limits_.head_bytes) {
    const bool in_first_line = !bytes_.contains('\n');
    return {0, in_first_line ? RequestFault::target_too_long : RequestFault::head_too_large};
  }
  return {0, RequestFault::none};
}

RequestParse Reading::run() {
  head_.fields.clear();
  // One empty line before a request is an old habit after a POST (RFC 9112 2.2).
  if (bytes_.starts_with("\r\n")) at_ = 2;
  if (at_ < bytes_.size() && !is_token_byte(bytes_[at_]) && bytes_[at_] != '\r') {
    return {0, RequestFault::not_http};
  }
  std::string_view text;
  if (!line(text)) return unfinished();
  if (!request_line(text)) return {0, fault_};
  int lines = 0;
  while (line(text)) {
    if (text.empty()) {
      if (at_ > limits_.head_bytes) return {0, RequestFault::head_too_large};
      if (!finish()) return {0, fault_};
      return {at_, RequestFault::none};
    }
    if (++lines > limits_.lines) return {0, RequestFault::too_many_lines};
    if (!field(text)) return {0, fault_};
  }
  return unfinished();
}

bool Reading::request_line(std::string_view text) {
  if (text.size() + 2 < kShortestLine) return fail(RequestFault::bad_request_line);
  const auto first = text.find(' ');
  const auto last = text.rfind(' ');
  if (first == std::string_view::npos || first == last || first == 0) {
    return fail(RequestFault::bad_request_line);
  }
  head_.method = text.substr(0, first);
  if (!std::ranges::all_of(head_.method, is_token_byte)) return fail(RequestFault::bad_method);
  const auto version = text.substr(last + 1);
  if (version.size() != kVersionBytes || !version.starts_with("HTTP/")) {
    return fail(RequestFault::bad_request_line);
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return fail(RequestFault::bad_version);
  head_.minor_version = version.back() - '0';
  if (head_.method == "CONNECT" || head_.method == "TRACE") {
    return fail(RequestFault::method_refused);
  }
  return target(text.substr(first + 1, last - first - 1));
}

bool Reading::target(std::string_view text) {
  if (text.size() > limits_.target_bytes) return fail(RequestFault::target_too_long);
  if (text.empty() || !all_in(text, kTargetBytes)) return fail(RequestFault::bad_target);
  head_.target = text;
  if (text.front() == '/') return true;
  if (text == "*") {
    return head_.method == "OPTIONS" || fail(RequestFault::bad_target);
  }
  if (!starts_absolute(text)) return fail(RequestFault::bad_target);
  text.remove_prefix(text.find("//") + 2);
  const auto end = text.find_first_of("/?");
  head_.authority = text.substr(0, end);
  absolute_ = true;
  // "http://example.net?x" has an empty path, which is "/" on the wire; nobody sends it.
  if (end != std::string_view::npos && text[end] == '?') return fail(RequestFault::bad_target);
  head_.target = end == std::string_view::npos ? std::string_view{"/"} : text.substr(end);
  return true;
}

bool Reading::field(std::string_view text) {
  if (is_blank(text.front())) return fail(RequestFault::folded_line);
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) return fail(RequestFault::bad_field_name);
  const auto name = text.substr(0, colon);
  if (is_blank(name.back())) return fail(RequestFault::space_before_colon);
  if (!std::ranges::all_of(name, is_token_byte)) return fail(RequestFault::bad_field_name);
  const auto value = without_blanks(text.substr(colon + 1));
  if (!has_no_control(value) && !all_in(value, kValueBytes))
    return fail(RequestFault::control_byte);
  head_.fields.push_back({name, value});
  return known_field(name, value);
}

bool Reading::known_field(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 2:
      if (equals_ignoring_case(name, "te") && takes_trailers(value)) head_.takes_trailers = true;
      return true;
    case 4:
      if (!equals_ignoring_case(name, "host")) return true;
      if (++hosts_ > 1) return fail(RequestFault::several_hosts);
      host_line_ = value;
      if (!absolute_) head_.authority = value;
      return true;
    case 6:
      if (!equals_ignoring_case(name, "expect")) return true;
      head_.expects_continue = equals_ignoring_case(value, "100-continue");
      return head_.expects_continue || fail(RequestFault::unknown_expectation);
    case 7:
      if (equals_ignoring_case(name, "upgrade")) upgrade_named_ = true;
      return true;
    case 10:
      if (equals_ignoring_case(name, "connection")) list_of_connection(value);
      return true;
    case 14: return !equals_ignoring_case(name, "content-length") || length(value);
    case 17: return !equals_ignoring_case(name, "transfer-encoding") || coding(value);
    default: return true;
  }
}

void Reading::list_of_connection(std::string_view value) {
  head_.has_connection = true;
  while (true) {
    const auto comma = value.find(',');
    const auto token = without_blanks(value.substr(0, comma));
    if (equals_ignoring_case(token, "close")) close_ = true;
    if (equals_ignoring_case(token, "keep-alive")) keep_ = true;
    if (equals_ignoring_case(token, "upgrade")) upgrade_listed_ = true;
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

// Digits alone: "+5", "5, 5" and "0x5" are read differently by different servers.
bool Reading::length(std::string_view value) {
  if (has_length_) return fail(RequestFault::several_lengths);
  has_length_ = true;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, head_.length);
  const bool good =
      !value.empty() && error == std::errc{} && stop == end && head_.length <= kMostLength;
  return good || fail(RequestFault::bad_length);
}

bool Reading::coding(std::string_view value) {
  ++codings_;
  if (equals_ignoring_case(value, "chunked")) ++chunked_;
  return codings_ == chunked_ && codings_ == 1 ? true : fail(RequestFault::unknown_coding);
}

bool Reading::finish() {
  const bool new_version = head_.minor_version == 1;
  if (codings_ > 0) {
    if (has_length_) return fail(RequestFault::length_with_coding);
    if (!new_version) return fail(RequestFault::coding_in_http_1_0);
    head_.framing = Framing::chunked;
  } else if (has_length_ && head_.length > 0) {
    head_.framing = Framing::length;
  }
  if (hosts_ == 0 && new_version) return fail(RequestFault::no_host);
  if (hosts_ > 0 || absolute_) {
    if (!split_authority(head_.authority, head_.host, head_.port)) {
      return fail(RequestFault::bad_host);
    }
  }
  // An absolute target beats Host, which must be one all the same (RFC 9112 3.2): who reads it
  // instead must not meet what nobody checked.
  if (std::string_view host; hosts_ > 0 && absolute_) {
    std::uint16_t port = 0;
    if (!split_authority(host_line_, host, port)) return fail(RequestFault::bad_host);
  }
  head_.keep_alive = new_version ? !close_ : keep_ && !close_;
  if (!new_version) head_.expects_continue = false;  // RFC 9110 10.1.1
  // "h2c" is no upgrade any more (RFC 9113 3.1): in that tunnel an origin would meet requests that
  // nobody here has read.
  head_.wants_upgrade = new_version && upgrade_listed_ && upgrade_named_ &&
                        !field_lists(head_.fields, "upgrade", "h2c");
  return true;
}

constexpr auto kHostBytes = [] {
  std::array<bool, 256> out{};
  for (unsigned c = '0'; c <= '9'; ++c) out.at(c) = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) out.at(c) = out.at(c - 'a' + 'A') = true;
  for (const char c : {'-', '.', '_'}) out.at(static_cast<unsigned char>(c)) = true;
  return out;
}();

}  // namespace

std::string_view name(RequestFault fault) { return kFaults.at(std::to_underlying(fault)).name; }
std::string_view sentence(RequestFault fault) {
  return kFaults.at(std::to_underlying(fault)).sentence;
}
int status(RequestFault fault) { return kFaults.at(std::to_underlying(fault)).status; }

RequestParse parse_request_head(std::string_view bytes, const RequestLimits& limits,
                                RequestHead& head) {
  auto fields = std::move(head.fields);  // its memory is kept
  head = RequestHead{};
  head.fields = std::move(fields);
  return Reading{bytes, limits, head}.run();
}

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE" || method == "TRACE";
}

bool split_authority(std::string_view authority, std::string_view& host, std::uint16_t& port) {
  port = 0;
  std::size_t end = 0;
  if (authority.starts_with('[')) {
    end = authority.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    host = authority.substr(1, end - 1);
    ++end;
    if (!std::ranges::all_of(host, [](char c) {
          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
                 c == ':' || c == '.';
        })) {
      return false;
    }
  } else {
    end = std::min(authority.find(':'), authority.size());
    host = authority.substr(0, end);
    if (host.empty() || host.size() > 253 || !all_in(host, kHostBytes)) return false;
  }
  if (end == authority.size()) return true;
  if (authority[end] != ':') return false;
  const auto digits = authority.substr(end + 1);
  const char* stop = digits.data() + digits.size();
  return !digits.empty() && std::from_chars(digits.data(), stop, port).ptr == stop && port != 0;
}

}  // namespace causeway::codec
