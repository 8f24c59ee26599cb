#include <algorithm>

#include "app/render.hpp"
#include "base/text.hpp"

namespace causeway::app {

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

}  // namespace causeway::app
