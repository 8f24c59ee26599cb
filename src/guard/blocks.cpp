#include "guard/blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.hpp"

namespace causeway::guard {
namespace {

constexpr std::string_view kBegin = "# causeway guard: begin";
// The line break before it is ours as well.
constexpr std::string_view kBeginWithin = "# causeway guard: begin (within a line)";
constexpr std::string_view kEnd = "# causeway guard: end";
constexpr std::string_view kWas = "#-";

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t") == std::string_view::npos;
}

// A line with its end, off the front of `rest`.
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const auto line = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
  rest.remove_prefix(line.size());
  return line;
}

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

void append_block(std::string_view replaced, const std::vector<std::string>& lines,
                  std::string_view begin, std::string& out) {
  out.append(begin).append("\n");
  const bool last_has_end = replaced.empty() || replaced.ends_with('\n');
  while (!replaced.empty()) {
    out.append(kWas).append(without_end(take_line(replaced))).append("\n");
  }
  for (const auto& line : lines) out.append(line).append("\n");
  out += kEnd;
  if (last_has_end) out += '\n';
}

}  // namespace

std::string with_blocks(std::string_view text, std::vector<Edit> edits) {
  std::ranges::sort(edits, {}, [](const Edit& one) { return std::tie(one.at, one.lines); });
  std::string out;
  std::size_t done = 0;
  for (const auto& edit : edits) {
    auto at = std::clamp(edit.at, done, text.size());
    const auto line = text.substr(0, at).rfind('\n') + 1;  // npos + 1 is 0
    const bool starts_line = line >= done && blank(text.substr(line, at - line));
    if (starts_line) at = line;
    out += text.substr(done, at - done);
    const auto replaced = starts_line ? text.substr(at, edit.replaced) : std::string_view{};
    if (!starts_line) out += '\n';
    append_block(replaced, edit.lines, starts_line ? kBegin : kBeginWithin, out);
    done = at + replaced.size();
  }
  out += text.substr(done);
  return out;
}

Parsed<std::string> without_blocks(std::string_view text) {
  std::string out;
  int number = 0;
  int began = 0;  // line of the open block
  bool restored = false;
  while (!text.empty()) {
    const auto line = take_line(text);
    const auto words = without_end(line);
    ++number;
    if (words == kBegin || words == kBeginWithin) {
      if (began != 0) break;
      began = number;
      restored = false;
      if (words == kBeginWithin && out.ends_with('\n')) out.pop_back();
    } else if (words == kEnd) {
      if (began == 0)
        return error(fmt::format("line {}: '{}' without its beginning", number, kEnd));
      if (restored && !line.ends_with('\n')) out.pop_back();
      began = 0;
    } else if (began == 0) {
      out += line;
    } else if (line.starts_with(kWas)) {
      out += line.substr(kWas.size());
      restored = true;
    }
  }
  if (began != 0) {
    return error(fmt::format("line {}: '{}' without '{}'", began, kBegin, kEnd));
  }
  return out;
}

std::vector<std::string> difference(std::string_view before, std::string_view after) {
  const auto blocks_of = [](std::string_view text) {
    std::vector<std::string> lines;
    bool inside = false;
    while (!text.empty()) {
      const auto line = without_end(take_line(text));
      if (line == kEnd) inside = false;
      if (inside && line.starts_with(kWas)) {
        lines.push_back("- " + std::string{line.substr(kWas.size())});
      } else if (inside) {
        lines.push_back("+ " + std::string{line});
      }
      if (line == kBegin || line == kBeginWithin) inside = true;
    }
    return lines;
  };
  const auto was = blocks_of(before);
  const auto is = blocks_of(after);
  std::vector<std::string> out;
  for (const auto& line : was) {
    if (std::ranges::find(is, line) != is.end()) continue;
    out.push_back((line.front() == '+' ? "-" : "+") + line.substr(1));
  }
  for (const auto& line : is) {
    if (std::ranges::find(was, line) == was.end()) out.push_back(line);
  }
  return out;
}

}  // namespace causeway::guard
