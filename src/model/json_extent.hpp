// How deep and how large a JSON text is, before anything is built of it.
#pragma once

#include <string_view>

namespace causeway::model {

struct JsonExtent {
  int depth = 0;
  int values = 0;
};

// Nesting and number of values, found without building anything: a few bytes of "[[[[" or "0,0,0"
// would otherwise become a hundred times as much memory, and what is nested a stack as deep.
JsonExtent json_extent(std::string_view text);

}  // namespace causeway::model
