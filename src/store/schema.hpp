// The tables, and the way from an older store to this version's: numbered steps, each applied once,
// in order, in one transaction (src/store/migrations/NNN-name.sql).
#pragma once

#include <string>

#include "base/result.hpp"
#include "store/database.hpp"

namespace causeway::store {

// The number of the newest step that this program knows.
int newest_version();

// The version of the store; 0 when it is empty.
Parsed<int> version_of(Database& database);

// Brings the store to the newest version and returns it. Refused when a newer program has written
// it.
Parsed<int> migrate(Database& database);

// The steps are written for PostgreSQL; what SQLite calls differently is replaced word by word, and
// its tables are made STRICT (sqlite.org/stricttables.html).
std::string in_dialect(std::string_view sql, Dialect dialect);

}  // namespace causeway::store
