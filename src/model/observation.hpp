// Observations: typed facts with time, source and raw values. Never an opinion.
//
// A kind's fields are listed in kinds.def. Setting a field the kind does not have, or with another
// type, is a bug of ours and ends the process; the same in a document from outside is an Error.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace causeway::model {

enum class Kind : std::uint8_t {
#define KIND(enumerator, ...) enumerator,
#define FIELD(...)
#include "model/kinds.def"
#undef FIELD
#undef KIND
};

enum class Scope : std::uint8_t { target, address };
enum class ValueType : std::uint8_t { text, texts, integer, real, boolean };

using Value = std::variant<std::string, std::vector<std::string>, std::int64_t, double, bool>;

struct FieldRow {
  std::string_view name;
  ValueType type;
  std::string_view meaning;
};

struct KindRow {
  Kind kind;
  std::string_view name;
  Scope scope;
  std::string_view meaning;
  std::span<const FieldRow> fields;

  const FieldRow* field(std::string_view field_name) const;
};

std::span<const KindRow> kind_rows();
const KindRow& row(Kind kind);
std::string_view name(Kind kind);
std::string_view name(ValueType type);
std::optional<Kind> kind_named(std::string_view name);

class Observation {
 public:
  Observation() = default;
  Observation(Kind kind, std::string sensor, std::string subject);

  std::string id;       // "o7", unique in its document
  WallTime at;          // when it was seen
  std::string sensor;   // resolve | route | connect | secure | exchange | edge | inspect | judge
  std::string vantage;  // who saw it; empty until the document that holds it names it
  std::string subject;  // what it is about: "203.0.113.10:443", "www.example.net"
  Kind kind = Kind::target;

  Observation& set(std::string_view field, std::string_view text) &;
  Observation& set(std::string_view field, const std::string& text) &;
  Observation& set(std::string_view field, const char* text) &;
  Observation& set(std::string_view field, std::vector<std::string> texts) &;
  Observation& set(std::string_view field, bool value) &;
  Observation& set(std::string_view field, int value) &;
  Observation& set(std::string_view field, std::int64_t value) &;
  Observation& set(std::string_view field, std::uint64_t value) &;
  Observation& set(std::string_view field, double value) &;
  Observation& set(std::string_view field, Duration value) &;  // as milliseconds, three decimals
  Observation& set(std::string_view field, const IpAddress& address) &;

  // From outside: refused with what is expected.
  Parsed<bool> set_foreign(std::string_view field, Value value);

  bool has(std::string_view field) const { return find(field) != nullptr; }
  const Value* find(std::string_view field) const;
  // Empty, false, 0 where the field is absent.
  std::string_view text(std::string_view field) const;
  const std::vector<std::string>& texts(std::string_view field) const;
  std::int64_t integer(std::string_view field) const;
  double real(std::string_view field) const;  // also reads an integer field
  bool boolean(std::string_view field) const;

  const std::vector<std::pair<std::string_view, Value>>& fields() const { return fields_; }

 private:
  Observation& put(std::string_view field, Value value);

  std::vector<std::pair<std::string_view, Value>> fields_;  // in the order they were set
};

}  // namespace causeway::model
