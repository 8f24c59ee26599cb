#include "codec/http1.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"

namespace causeway::codec {
namespace {

struct FaultRow {
  HttpFault fault;
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array kFaults{
    FaultRow{HttpFault::none, "none", "nothing is wrong"},
    FaultRow{HttpFault::not_http, "not_http", "the answer is not HTTP"},
    FaultRow{HttpFault::http_0_9, "http_0_9", "the answer has no status line (HTTP/0.9)"},
    FaultRow{HttpFault::h2_frames, "h2_frames", "the answer is HTTP/2 frames"},
    FaultRow{HttpFault::bad_status_line, "bad_status_line", "the status line is broken"},
    FaultRow{HttpFault::unknown_version, "unknown_version",
             "the status line names a version that is not HTTP/1"},
    FaultRow{HttpFault::no_colon, "no_colon", "a header line has no colon"},
    FaultRow{HttpFault::bad_field_name, "bad_field_name",
             "a header name has a byte that is not allowed"},
    FaultRow{HttpFault::space_before_colon, "space_before_colon",
             "a blank stands between a header name and its colon"},
    FaultRow{HttpFault::folded_line, "folded_line", "a header is folded over several lines"},
    FaultRow{HttpFault::nul_byte, "nul_byte", "the head has a NUL byte"},
    FaultRow{HttpFault::control_byte, "control_byte", "the head has a control byte"},
    FaultRow{HttpFault::bare_cr, "bare_cr", "the head has a CR without LF"},
    FaultRow{HttpFault::bare_lf, "bare_lf", "a line of the head ends in LF without CR"},
    FaultRow{HttpFault::head_too_large, "head_too_large", "the head is larger than is accepted"},
    FaultRow{HttpFault::too_many_lines, "too_many_lines",
             "the head has more lines than are accepted"},
    FaultRow{HttpFault::bad_length, "bad_length", "Content-Length is not a number"},
    FaultRow{HttpFault::conflicting_length, "conflicting_length",
             "several Content-Length values differ"},
    FaultRow{HttpFault::length_with_coding, "length_with_coding",
             "Content-Length stands beside Transfer-Encoding"},
    FaultRow{HttpFault::unknown_coding, "unknown_coding",
             "Transfer-Encoding names something other than chunked once"},
    FaultRow{HttpFault::bad_chunk_size, "bad_chunk_size", "a chunk size is not hexadecimal"},
    FaultRow{HttpFault::bad_chunk_end, "bad_chunk_end", "a chunk does not end with its line end"},
    FaultRow{HttpFault::chunk_line_too_long, "chunk_line_too_long", "a chunk line is too long"},
    FaultRow{HttpFault::bad_trailer, "bad_trailer", "the trailer is broken"},
    FaultRow{HttpFault::too_many_interim, "too_many_interim",
             "interim (1xx) answers come without end"},
    FaultRow{HttpFault::unasked_upgrade, "unasked_upgrade",
             "the server switches protocols although nobody asked"},
    FaultRow{HttpFault::extra_bytes, "extra_bytes", "more bytes follow than were announced"},
    FaultRow{HttpFault::nothing, "nothing", "the connection ended without a byte"},
    FaultRow{HttpFault::head_cut, "head_cut", "the answer ends inside its head"},
    FaultRow{HttpFault::body_cut, "body_cut", "the answer ends before its announced end"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    if (std::to_underlying(kFaults.at(i).fault) != i) return false;
  }
  return true;
}
static_assert(in_order(), "kFaults must follow the order of HttpFault");

}  // namespace

std::string_view name(HttpFault fault) { return kFaults.at(std::to_underlying(fault)).name; }

std::string_view sentence(HttpFault fault) {
  return kFaults.at(std::to_underlying(fault)).sentence;
}

namespace {

// Length first: nearly every name differs in it.
bool is_named(const HeaderField& field, std::string_view name) {
  return field.name.size() == name.size() && equals_ignoring_case(field.name, name);
}

}  // namespace

std::optional<std::string_view> find_field(std::span<const HeaderField> fields,
                                           std::string_view name) {
  for (const auto& field : fields) {
    if (is_named(field, name)) return field.value;
  }
  return std::nullopt;
}

bool field_lists(std::span<const HeaderField> fields, std::string_view name,
                 std::string_view token) {
  for (const auto& field : fields) {
    if (!is_named(field, name)) continue;
    std::string_view rest = field.value;
    while (true) {
      const auto comma = rest.find(',');
      if (equals_ignoring_case(trim(rest.substr(0, comma)), token)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

}  // namespace causeway::codec
