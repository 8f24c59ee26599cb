#include "console/exposition.hpp"

#include <fmt/format.h>

#include <iterator>

namespace causeway::console {

std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

void Exposition::begin(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::sample(double value, std::string_view labels) {
  text_ += name_;
  if (!labels.empty()) fmt::format_to(std::back_inserter(text_), "{{{}}}", labels);
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void Exposition::single(std::string_view name, std::string_view help, double value) {
  begin(name, "gauge", help);
  sample(value);
}

}  // namespace causeway::console
