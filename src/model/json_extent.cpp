#include "model/json_extent.hpp"

#include <algorithm>

namespace causeway::model {

JsonExtent json_extent(std::string_view text) {
  JsonExtent out;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') out.depth = std::max(out.depth, ++depth);
    if (c == ']' || c == '}') --depth;
    if (c == ',' || c == '[' || c == '{') ++out.values;
  }
  return out;
}

}  // namespace causeway::model
