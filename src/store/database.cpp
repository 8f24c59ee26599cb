#include "store/database.hpp"

#include <fmt/format.h>

#include <charconv>

namespace causeway::store {

std::int64_t Row::integer(std::size_t column) const {
  const Cell& held = cells_[column];
  if (const auto* number = std::get_if<std::int64_t>(&held)) return *number;
  if (const auto* number = std::get_if<double>(&held)) return static_cast<std::int64_t>(*number);
  if (const auto* text = std::get_if<std::string>(&held)) {
    std::int64_t out = 0;
    std::from_chars(text->data(), text->data() + text->size(), out);
    return out;
  }
  return 0;
}

double Row::real(std::size_t column) const {
  const Cell& held = cells_[column];
  if (const auto* number = std::get_if<double>(&held)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&held)) return static_cast<double>(*number);
  if (const auto* text = std::get_if<std::string>(&held)) {
    double out = 0;
    std::from_chars(text->data(), text->data() + text->size(), out);
    return out;
  }
  return 0;
}

std::string Row::text(std::size_t column) const {
  const Cell& held = cells_[column];
  if (const auto* words = std::get_if<std::string>(&held)) return *words;
  if (const auto* number = std::get_if<std::int64_t>(&held)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<double>(&held)) return fmt::format("{}", *number);
  return {};
}

WallTime Row::time(std::size_t column) const {
  return WallTime{std::chrono::milliseconds{integer(column)}};
}

Cell cell(std::string_view text) {
  // Neither database keeps a NUL inside text.
  return Cell{std::string{text.substr(0, text.find('\0'))}};
}

Cell cell(WallTime at) { return Cell{std::int64_t{at.time_since_epoch().count()}}; }

Cell cell_or_nothing(WallTime at) { return at == WallTime{} ? nothing() : cell(at); }

Parsed<Rows> Database::run(std::string_view sql, std::span<const Cell> parameters) {
  Rows out;
  auto done = each(sql, parameters, [&](Row row) {
    out.push_back(std::move(row));
    return true;
  });
  if (!done) return error(std::move(done.error().text));
  return out;
}

bool is_postgresql(std::string_view where) {
  return where.starts_with("postgresql://") || where.starts_with("postgres://");
}

Parsed<std::unique_ptr<Database>> open_database(const std::string& where, Access access) {
  return is_postgresql(where) ? open_postgresql(where, access) : open_sqlite(where, access);
}

}  // namespace causeway::store
