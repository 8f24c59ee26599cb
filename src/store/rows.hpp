// From rows to records.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.hpp"

namespace causeway::store {

inline Parsed<bool> done(Parsed<Rows> rows) {
  if (!rows) return error(std::move(rows.error().text));
  return true;
}

template <class Read>
auto all(Parsed<Rows> rows, Read read)
    -> Parsed<std::vector<std::invoke_result_t<Read, const Row&>>> {
  if (!rows) return error(std::move(rows.error().text));
  std::vector<std::invoke_result_t<Read, const Row&>> out;
  out.reserve(rows->size());
  for (const Row& row : *rows) out.push_back(read(row));
  return out;
}

template <class Read>
auto first(Parsed<Rows> rows, Read read)
    -> Parsed<std::optional<std::invoke_result_t<Read, const Row&>>> {
  if (!rows) return error(std::move(rows.error().text));
  std::optional<std::invoke_result_t<Read, const Row&>> out;
  if (!rows->empty()) out = read(rows->front());
  return out;
}

template <class... Parts>
std::string joined(Parts... parts) {
  std::string out;
  (out.append(std::string_view{parts}), ...);
  return out;
}

}  // namespace causeway::store
