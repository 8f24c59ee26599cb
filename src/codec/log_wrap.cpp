#include "codec/log_wrap.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "codec/limits.hpp"
#include "codec/log_line.hpp"

namespace causeway::codec {
namespace {

constexpr std::string_view kDockerFront = R"({"log":")";
constexpr std::size_t kPrefixBytes = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

static_assert(std::endian::native == std::endian::little);

// The bytes of `word` that are `byte`, as the high bit of each.
std::uint64_t bytes_equal(std::uint64_t word, char byte) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  const std::uint64_t apart = word ^ (kOnes * static_cast<unsigned char>(byte));
  return ~(((apart & kLow) + kLow) | apart | kLow);
}

// "2026-11-25T14:02:11.123456789Z" or with +01:00; its length, 0 when there is none.
std::size_t stamp_length(std::string_view line) {
  if (line.size() < 21 || line[4] != '-' || line[10] != 'T' || !is_digit(line[0])) return 0;
  const auto end = line.substr(0, 40).find(' ');
  return end == std::string_view::npos || end < 20 ? 0 : end;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// The four digits of \uXXXX; -1 when they are none.
int code_unit(std::string_view digits) {
  if (digits.size() < 4) return -1;
  int out = 0;
  for (const char c : digits.substr(0, 4)) {
    if (hex(c) < 0) return -1;
    out = out * 16 + hex(c);
  }
  return out;
}

// What stands behind "\u", and how many bytes of it: halves of a pair together, one alone as U+FFFD
// (RFC 8259 section 7). Less than nothing for broken digits.
std::pair<int, std::size_t> code_point(std::string_view digits) {
  constexpr int kReplacement = 0xfffd;
  const int first = code_unit(digits);
  if (first < 0xd800 || first > 0xdfff) return {first, 4};
  if (first >= 0xdc00 || !digits.substr(4).starts_with("\\u")) return {kReplacement, 4};
  const int second = code_unit(digits.substr(6));
  if (second < 0xdc00 || second > 0xdfff) return {kReplacement, 4};
  return {0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 10};
}

char* put_utf8(char* to, int code) {
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *to++ = static_cast<char>(0xc0 | (code >> 6));
    *to++ = static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *to++ = static_cast<char>(0xe0 | (code >> 12));
    *to++ = static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    *to++ = static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *to++ = static_cast<char>(0xf0 | (code >> 18));
    *to++ = static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    *to++ = static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    *to++ = static_cast<char>(0x80 | (code & 0x3f));
  }
  return to;
}

char escaped(char c) {
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'b': return '\b';
    case 'f': return '\f';
    default: return c;
  }
}

}  // namespace

void LogWrap::add(std::string_view text) {
  const auto room = limits::kLogLineBytes - std::min(limits::kLogLineBytes, have_);
  const auto some = std::min(room, text.size());
  text_.resize(std::max(text_.size(), have_ + some + kLogPadding));
  std::memcpy(text_.data() + have_, text.data(), some);
  have_ += some;
}

// A JSON string from behind its opening quotation mark; `rest` is then behind the closing one.
// False when it has no end or a broken escape.
bool LogWrap::add_unescaped(std::string_view& rest) {
  if (have_ + rest.size() > limits::kLogLineBytes) return false;
  // Nothing grows by unescaping; eight bytes are written at a time.
  text_.resize(std::max(text_.size(), have_ + rest.size() + 8 + kLogPadding));
  char* to = text_.data() + have_;
  const char* at = rest.data();
  const char* const end = at + rest.size();
  while (true) {
    while (end - at >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, 8);
      std::memcpy(to, &word, 8);
      const auto found = bytes_equal(word, '"') | bytes_equal(word, '\\');
      const auto plain = found == 0 ? 8 : std::countr_zero(found) / 8;
      at += plain;
      to += plain;
      if (found != 0) break;
    }
    while (at != end && *at != '"' && *at != '\\') *to++ = *at++;
    if (at == end) return false;
    if (*at == '"') break;
    if (end - at < 2) return false;
    if (at[1] == 'u') {
      const auto [code, length] = code_point({at + 2, static_cast<std::size_t>(end - at - 2)});
      if (code < 0) return false;
      to = put_utf8(to, code);
      at += 2 + length;
    } else {
      *to++ = escaped(at[1]);
      at += 2;
    }
  }
  have_ = static_cast<std::size_t>(to - text_.data());
  rest.remove_prefix(static_cast<std::size_t>(at - rest.data()) + 1);
  return true;
}

Unwrapped LogWrap::finished(bool whole, std::string_view stamp) {
  Unwrapped out{Unwrapped::State::piece, {}, stamp, true};
  if (!whole && have_ < limits::kLogLineBytes) return out;
  out.state = Unwrapped::State::whole;
  out.line = std::string_view{text_}.substr(0, have_);
  have_ = 0;  // the text stays until the next line
  return out;
}

Unwrapped LogWrap::docker(std::string_view line) {
  auto rest = line.substr(kDockerFront.size());
  if (!add_unescaped(rest) || !rest.starts_with(",\"")) {
    have_ = 0;
    return {};
  }
  const bool whole = have_ > 0 && text_[have_ - 1] == '\n';
  if (whole) --have_;
  std::string_view stamp;
  constexpr std::string_view kTime = R"("time":")";
  if (const auto at = rest.rfind(kTime); at != std::string_view::npos)
    stamp = rest.substr(at + kTime.size(), rest.find('"', at + kTime.size()) - at - kTime.size());
  return finished(whole, stamp);
}

Unwrapped LogWrap::cri(std::string_view line, bool padded) {
  const auto length = stamp_length(line);
  if (length == 0) return {};
  auto rest = line.substr(length + 1);
  if (!rest.starts_with("stdout ") && !rest.starts_with("stderr ")) return {};
  rest.remove_prefix(7);
  const auto tags = rest.substr(0, std::min(rest.find(' '), rest.size()));
  const auto first = tags.substr(0, tags.find(':'));
  if (first != "F" && first != "P") return {};
  rest.remove_prefix(std::min(tags.size() + 1, rest.size()));
  const auto stamp = line.substr(0, length);
  if (first == "F" && have_ == 0) return {Unwrapped::State::whole, rest, stamp, padded};
  add(rest);
  return finished(first == "F", stamp);
}

Unwrapped LogWrap::take(std::string_view line, bool padded) {
  return line.starts_with(kDockerFront) ? docker(line) : cri(line, padded);
}

std::string_view without_source(std::string_view line) {
  if (line.starts_with("[pod/")) {
    const auto end = line.substr(0, kPrefixBytes).find("] ");
    return end == std::string_view::npos ? line : line.substr(end + 2);
  }
  const auto name = line.substr(0, line.substr(0, kPrefixBytes).find(' '));
  const auto bar = line.find_first_not_of(' ', name.size());
  if (bar == std::string_view::npos || line[bar] != '|' || bar > kPrefixBytes) return line;
  const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
  });
  return plain && line.substr(bar).starts_with("| ") ? line.substr(bar + 2) : line;
}

std::string_view without_stamp(std::string_view line) {
  const auto length = stamp_length(line);
  return length == 0 ? line : line.substr(length + 1);
}

}  // namespace causeway::codec
