#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace causeway {
namespace {

constexpr std::size_t kLongestWord = 64;

char lower_char(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Characters that turn the direction of the text around them, so that a line reads differently from
// what it says (U+200E/F, U+202A to U+202E, U+2066 to U+2069), those that break a line (U+2028/9),
// and the two that XML forbids (U+FFFE/F).
bool misleads(std::string_view sequence) {
  if (sequence.size() != 3) return false;
  const std::string_view front = sequence.substr(0, 2);
  const auto last = static_cast<unsigned char>(sequence[2]);
  if (front == "\xe2\x80") return last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae);
  if (front == "\xe2\x81") return last >= 0xa6 && last <= 0xa9;
  return front == "\xef\xbf" && last >= 0xbe;
}

// Length of the valid UTF-8 sequence at the front of `bytes`, 0 when there is none (RFC 3629).
std::size_t utf8_length(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 0;
  if (first >= 0xc2 && first <= 0xdf) length = 2;
  if (first >= 0xe0 && first <= 0xef) length = 3;
  if (first >= 0xf0 && first <= 0xf4) length = 4;
  if (length == 0 || length > bytes.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool beyond = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  // U+0080 to U+009F are control characters too (ISO 6429: some terminals obey them).
  const bool control = first == 0xc2 && byte(1) < 0xa0;
  return overlong || beyond || control || misleads(bytes.substr(0, length)) ? 0 : length;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + cost});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), lower_char);
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (std::size_t from = 0;;) {
    const auto at = text.find(separator, from);
    out.push_back(text.substr(from, at == std::string_view::npos ? at : at - from));
    if (at == std::string_view::npos) return out;
    from = at + 1;
  }
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const auto begin = line.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return out;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(" \t\r\n"), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower_char, lower_char);
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, lower_char, lower_char).empty() || part.empty();
}

std::string printable(std::string_view bytes, std::size_t most) {
  std::string out;
  while (!bytes.empty()) {
    const auto first = static_cast<unsigned char>(bytes.front());
    const std::size_t sequence = first >= 0x80 ? utf8_length(bytes) : 0;
    const bool plain = first >= 0x20 && first < 0x7f;
    std::string piece = fmt::format("\\x{:02x}", first);
    std::size_t used = 1;
    if (sequence > 0 || plain) {
      used = std::max<std::size_t>(sequence, 1);
      piece = bytes.substr(0, used);
    }
    if (out.size() + piece.size() > most) return out + "...";
    out += piece;
    bytes.remove_prefix(used);
  }
  return out;
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,@%+=";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string{text};
  }
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + '\'';
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string_view cut = word.substr(0, kLongestWord);
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, cut.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(cut, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string escaped(std::string_view text) {
  std::string out;
  bool first = true;
  for (const auto line : split(text, '\n')) {
    if (!first) out += '\n';
    first = false;
    // Printable text holds no control characters and only valid UTF-8: what XML 1.0 allows.
    for (const char c : printable(line, line.size() * 4)) {
      switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
      }
    }
  }
  return out;
}

}  // namespace causeway
