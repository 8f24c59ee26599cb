// A whole store copied while it is in use: from one consistent moment into an empty store of either
// kind. A backup is a SQLite file, whatever the store is; so it also moves a watch from SQLite to
// PostgreSQL and back.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace causeway::store {

struct Copied {
  std::int64_t tables = 0;
  std::int64_t rows = 0;
};

// `file` must not exist; it appears whole or not at all.
Parsed<Copied> backup(const std::string& store, const std::string& file);

// Into a store that is empty, or replaces everything when `replace` is set. Nobody may use it.
Parsed<Copied> restore(const std::string& file, const std::string& store, bool replace);

struct Checked {
  int version = 0;  // 0 where damage hides it
  std::int64_t bytes = 0;
  std::string damage;  // sentences, one a line; empty: none found
};
// Also on a store in use.
Parsed<Checked> check(const std::string& store);

}  // namespace causeway::store
