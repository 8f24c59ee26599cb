#include "codec/http1_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "codec/byte_scan.hpp"
#include "codec/first_bytes.hpp"

namespace causeway::codec {
namespace {

constexpr std::string_view kStart = "HTTP/";
constexpr std::size_t kFaultTextKept = 60;

constexpr auto kTokenBytes = [] {
  std::array<bool, 256> out{};
  for (unsigned char c = '0'; c <= '9'; ++c) out.at(c) = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) out.at(c) = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) out.at(c) = true;
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~"})
    out.at(static_cast<unsigned char>(c)) = true;
  return out;
}();

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The first thing in `text` that no value or reason phrase may hold (RFC 9110 5.5).
HttpFault bad_byte(std::string_view text) {
  if (has_no_control(text)) return HttpFault::none;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) continue;
    if (c == '\t') continue;
    if (c == '\0') return HttpFault::nul_byte;
    if (c == '\r') return HttpFault::bare_cr;
    return HttpFault::control_byte;
  }
  return HttpFault::none;
}

}  // namespace

bool is_token_byte(char c) { return kTokenBytes[static_cast<unsigned char>(c)]; }

void HeadCollector::fail(HttpFault fault, std::string_view text) {
  fault_ = fault;
  fault_line_ = lines_ + 1;
  fault_text_ = printable(text, kFaultTextKept);
}

std::string HeadCollector::detail() const {
  if (fault_ == HttpFault::none) return {};
  if (fault_text_.empty()) return std::string{sentence(fault_)};
  return fmt::format("{} (line {}: \"{}\")", sentence(fault_), fault_line_, fault_text_);
}

void HeadCollector::restart() {
  head_.bytes_.clear();
  head_.fields_.clear();
  head_.reason_ = {};
  head_.repairs_ = 0;
  line_start_ = 0;
  lines_ = 0;
  complete_ = started_ = false;
  fault_ = HttpFault::none;
  fault_text_.clear();
}

// What does not begin like HTTP never will: no need to wait for more.
bool HeadCollector::check_start() {
  const std::string_view have{head_.bytes_.data(), head_.bytes_.size()};
  const auto length = std::min(have.size(), kStart.size());
  if (have.substr(0, length) == kStart.substr(0, length)) {
    started_ = length == kStart.size();
    return true;
  }
  // HTTP/2 frames begin with a length below 64 KiB; nine bytes tell.
  if (have[0] == '\0' && have.size() < 9) return true;
  // HTTP/0.9 answers are HTML, nothing else. Decided by the first byte, so that it does not depend
  // on how the bytes were cut.
  if (first_bytes(have) == FirstBytes::h2_settings) {
    fail(HttpFault::h2_frames, {});
  } else {
    fail(have[0] == '<' ? HttpFault::http_0_9 : HttpFault::not_http, have);
  }
  return false;
}

// A head that is all in one read, as nearly every one is: its end is found line by line
// and the bytes are taken at once. Whatever is unusual goes the long way, which says what is wrong.
std::size_t HeadCollector::take_whole(std::string_view input) {
  if (!head_.bytes_.empty() || !input.starts_with(kStart)) return 0;
  const char* const end = input.data() + std::min(input.size(), most_bytes_);
  const char* line = input.data();
  for (int lines = 0; lines < most_lines_; ++lines) {
    const auto* lf =
        static_cast<const char*>(std::memchr(line, '\n', static_cast<std::size_t>(end - line)));
    if (lf == nullptr || lf == line) return 0;
    if (lines > 0 && lf - line == 1 && *line == '\r') {
      const auto whole = input.substr(0, static_cast<std::size_t>(lf + 1 - input.data()));
      head_.bytes_.assign(whole.begin(), whole.end());
      started_ = true;
      lines_ = lines;
      parse();
      return head_.bytes_.size();
    }
    line = lf + 1;
  }
  return 0;
}

std::size_t HeadCollector::feed(std::string_view input) {
  if (const auto whole = take_whole(input); whole > 0) return whole;
  std::size_t taken = 0;
  while (taken < input.size() && !complete_ && fault_ == HttpFault::none) {
    const auto rest = input.substr(taken);
    const auto lf = rest.find('\n');
    const auto length = lf == std::string_view::npos ? rest.size() : lf + 1;
    const auto room = most_bytes_ - head_.bytes_.size();
    const auto fits = std::min(length, room);
    head_.bytes_.insert(head_.bytes_.end(), rest.begin(),
                        rest.begin() + static_cast<std::ptrdiff_t>(fits));
    taken += fits;
    if (!started_ && !check_start()) break;
    if (fits < length) {
      fault_text_.clear();
      fault_ = HttpFault::head_too_large;
      break;
    }
    if (lf == std::string_view::npos) break;
    if (ends_here()) parse();
  }
  return taken;
}

// Called after a LF was stored. Keeps count of lines so that a million empty headers cannot pile
// up.
bool HeadCollector::ends_here() {
  const auto& bytes = head_.bytes_;
  const auto length = bytes.size() - line_start_ - 1;  // without the LF
  const bool empty = length == 0 || (length == 1 && bytes[line_start_] == '\r');
  if (empty && lines_ > 0) return true;
  line_start_ = bytes.size();
  if (++lines_ > most_lines_) {
    fault_text_.clear();
    fault_ = HttpFault::too_many_lines;
  }
  return false;
}

// The next line without its end. A line end that is not allowed fails.
std::string_view HeadCollector::next_line(std::size_t& at) {
  const char* from = head_.bytes_.data() + at;
  const auto* lf = static_cast<const char*>(std::memchr(from, '\n', head_.bytes_.size() - at));
  auto length = static_cast<std::size_t>(lf - from);
  at += length + 1;
  if (length > 0 && from[length - 1] == '\r') return {from, length - 1};
  if (!policy_.bare_lf) {
    fail(HttpFault::bare_lf, {from, length});
  } else {
    ++head_.repairs_;
  }
  return {from, length};
}

void HeadCollector::parse() {
  complete_ = true;
  lines_ = 0;
  std::size_t at = 0;
  const auto start = next_line(at);
  if (fault_ != HttpFault::none) return;
  if (!parse_status_line(start)) return;
  while (at < head_.bytes_.size()) {
    ++lines_;
    const auto line = next_line(at);
    if (fault_ != HttpFault::none || line.empty() || !parse_field(line)) return;
  }
}

// "HTTP/1.1 200 OK", the reason and the blank before it may be missing (RFC 9112 4; the blank must
// not, but servers forget it and every edge lets it pass).
bool HeadCollector::parse_status_line(std::string_view line) {
  const auto bad = [&](HttpFault fault) {
    fail(fault, line);
    return false;
  };
  if (line.size() < 8 || !is_digit(line[5])) return bad(HttpFault::bad_status_line);
  if (line[5] != '1' || line[6] != '.' || (line[7] != '0' && line[7] != '1')) {
    return bad(HttpFault::unknown_version);
  }
  if (line.size() < 12 || line[8] != ' ') return bad(HttpFault::bad_status_line);
  head_.minor_version_ = line[7] - '0';
  head_.status_ = 0;
  for (const char c : line.substr(9, 3)) {
    if (!is_digit(c)) return bad(HttpFault::bad_status_line);
    head_.status_ = head_.status_ * 10 + (c - '0');
  }
  if (head_.status_ < 100) return bad(HttpFault::bad_status_line);
  if (line.size() > 12 && line[12] != ' ') return bad(HttpFault::bad_status_line);
  head_.reason_ = line.size() > 13 ? line.substr(13) : std::string_view{};
  const auto byte = bad_byte(head_.reason_);
  return byte == HttpFault::none || bad(byte);
}

bool HeadCollector::parse_field(std::string_view line) {
  const auto bad = [&](HttpFault fault) {
    fail(fault, line);
    return false;
  };
  if (is_blank(line.front())) return fold(line);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) {
    const auto byte = bad_byte(line);
    return bad(byte == HttpFault::none ? HttpFault::no_colon : byte);
  }
  auto field_name = line.substr(0, colon);
  if (!field_name.empty() && is_blank(field_name.back())) {
    if (!policy_.space_before_colon) return bad(HttpFault::space_before_colon);
    ++head_.repairs_;
    field_name = without_blanks(field_name);
  }
  if (field_name.empty() || !std::ranges::all_of(field_name, is_token_byte)) {
    return bad(field_name.contains('\0') ? HttpFault::nul_byte : HttpFault::bad_field_name);
  }
  const auto value = without_blanks(line.substr(colon + 1));
  const auto byte = bad_byte(value);
  if (byte != HttpFault::none) return bad(byte);
  head_.fields_.push_back({field_name, value});
  return true;
}

// A line that begins with a blank continues the value before it. The line end between them becomes
// blanks, in place (RFC 9112 5.2).
bool HeadCollector::fold(std::string_view line) {
  if (!policy_.folding || head_.fields_.empty()) {
    fail(HttpFault::folded_line, line);
    return false;
  }
  const auto byte = bad_byte(line);
  if (byte != HttpFault::none) {
    fail(byte, line);
    return false;
  }
  ++head_.repairs_;
  auto& value = head_.fields_.back().value;
  char* begin = head_.bytes_.data() + (value.data() - head_.bytes_.data());
  char* end = head_.bytes_.data() + (line.data() - head_.bytes_.data());
  std::ranges::fill(begin + value.size(), end, ' ');
  value = without_blanks({begin, static_cast<std::size_t>(end - begin) + line.size()});
  return true;
}

}  // namespace causeway::codec
