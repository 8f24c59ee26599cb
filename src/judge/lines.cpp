#include "judge/lines.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace causeway::judge {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Cuts one line into words; returns the place of its comment, or npos for a quote left open.
struct Cut {
  std::vector<std::string> words;
  std::size_t end = 0;  // where the comment starts
  bool closed = true;
};

Cut cut(std::string_view text) {
  Cut out;
  std::string word;
  bool in_word = false;
  bool quoted = false;
  int depth = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (!quoted && depth == 0 && c == '#' && !in_word) break;
    if (!quoted && depth == 0 && is_blank(c)) {
      if (in_word) out.words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '"') {
      quoted = !quoted;
      continue;
    }
    if (!quoted && c == '(') ++depth;
    if (!quoted && c == ')') --depth;
    word += c;
  }
  if (in_word) out.words.push_back(std::move(word));
  out.end = i;
  out.closed = !quoted && depth == 0;
  return out;
}

}  // namespace

Parsed<std::vector<Line>> read_lines(std::string_view text, std::string_view file) {
  std::vector<Line> out;
  int number = 0;
  for (const std::string_view raw : split(text, '\n')) {
    ++number;
    Cut parts = cut(raw);
    Line line{.file = file,
              .number = number,
              .indented = !raw.empty() && is_blank(raw.front()),
              .text = trim(raw.substr(0, parts.end)),
              .words = std::move(parts.words)};
    if (!parts.closed) return error_at(line, "a quote or bracket is not closed on this line");
    if (!line.words.empty()) out.push_back(std::move(line));
  }
  return out;
}

std::vector<Line> read_plain_lines(std::string_view text, std::string_view file) {
  std::vector<Line> out;
  int number = 0;
  for (const std::string_view raw : split(text, '\n')) {
    ++number;
    const auto content = trim(raw);
    if (content.empty() || content.front() == '#') continue;
    Line line{.file = file,
              .number = number,
              .indented = is_blank(raw.front()),
              .text = content,
              .words = {}};
    for (const auto word : split(content, ' ')) {
      if (!word.empty()) line.words.emplace_back(word);
    }
    out.push_back(std::move(line));
  }
  return out;
}

std::unexpected<Error> error_at(const Line& line, std::string_view text) {
  return error(fmt::format("{}:{}: {}", line.file, line.number, text));
}

}  // namespace causeway::judge
