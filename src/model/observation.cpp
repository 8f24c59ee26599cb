#include "model/observation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"

namespace causeway::model {
namespace {

struct DefLine {
  bool opens_kind;
  Kind kind;
  Scope scope;
  FieldRow field;  // or the kind's name and meaning
};

// std::to_array: the deduction guide of std::array stops at the compiler's limit of 256 lines.
constexpr auto kLines = std::to_array<DefLine>({
#define KIND(enumerator, kind_name, scope_name, meaning) \
  DefLine{true, Kind::enumerator, Scope::scope_name, {kind_name, ValueType::text, meaning}},
#define FIELD(field_name, type, meaning) \
  DefLine{false, Kind{}, Scope{}, {field_name, ValueType::type, meaning}},
#include "model/kinds.def"
#undef FIELD
#undef KIND
});

constexpr std::size_t kKinds = std::ranges::count(kLines, true, &DefLine::opens_kind);

constexpr auto kFields = [] {
  std::array<FieldRow, kLines.size() - kKinds> out{};
  std::size_t count = 0;
  for (const auto& line : kLines) {
    if (!line.opens_kind) out.at(count++) = line.field;
  }
  return out;
}();

constexpr auto kKindRows = [] {
  std::array<KindRow, kKinds> out{};
  std::size_t kind = 0;
  std::size_t field = 0;
  for (std::size_t i = 0; i < kLines.size(); ++kind) {
    const auto& head = kLines.at(i++);
    const std::size_t first = field;
    for (; i < kLines.size() && !kLines.at(i).opens_kind; ++i) ++field;
    out.at(kind) = KindRow{head.kind, head.field.name, head.scope, head.field.meaning,
                           std::span{kFields}.subspan(first, field - first)};
  }
  return out;
}();

constexpr std::array<std::string_view, 5> kTypeNames{"text", "texts", "integer", "real", "boolean"};

ValueType type_of(const Value& value) { return static_cast<ValueType>(value.index()); }

[[noreturn]] void broken(Kind kind, std::string_view field) {
  fmt::print(stderr, "causeway: internal error: observation '{}' has no such field '{}'\n",
             name(kind), field);
  std::abort();
}

}  // namespace

const FieldRow* KindRow::field(std::string_view field_name) const {
  const auto at = std::ranges::find(fields, field_name, &FieldRow::name);
  return at == fields.end() ? nullptr : &*at;
}

std::span<const KindRow> kind_rows() { return kKindRows; }
const KindRow& row(Kind kind) { return kKindRows.at(static_cast<std::size_t>(kind)); }
std::string_view name(Kind kind) { return row(kind).name; }
std::string_view name(ValueType type) { return kTypeNames.at(static_cast<std::size_t>(type)); }

std::optional<Kind> kind_named(std::string_view name) {
  const auto at = std::ranges::find(kKindRows, name, &KindRow::name);
  if (at == kKindRows.end()) return std::nullopt;
  return at->kind;
}

Observation::Observation(Kind the_kind, std::string the_sensor, std::string the_subject)
    : at(wall_now()),
      sensor(std::move(the_sensor)),
      subject(std::move(the_subject)),
      kind(the_kind) {}

Observation& Observation::put(std::string_view field, Value value) {
  const FieldRow* known = row(kind).field(field);
  if (known == nullptr || known->type != type_of(value)) broken(kind, field);
  const auto at_field = std::ranges::find(fields_, field, &decltype(fields_)::value_type::first);
  if (at_field != fields_.end()) {
    at_field->second = std::move(value);
  } else {
    fields_.emplace_back(known->name, std::move(value));
  }
  return *this;
}

Observation& Observation::set(std::string_view field, std::string_view text) & {
  return put(field, std::string{text});
}
Observation& Observation::set(std::string_view field, const std::string& text) & {
  return put(field, text);
}
Observation& Observation::set(std::string_view field, const char* text) & {
  return put(field, std::string{text});
}
Observation& Observation::set(std::string_view field, std::vector<std::string> texts) & {
  return put(field, std::move(texts));
}
Observation& Observation::set(std::string_view field, bool value) & { return put(field, value); }
Observation& Observation::set(std::string_view field, int value) & {
  return put(field, std::int64_t{value});
}
Observation& Observation::set(std::string_view field, std::int64_t value) & {
  return put(field, value);
}
Observation& Observation::set(std::string_view field, std::uint64_t value) & {
  return put(field, static_cast<std::int64_t>(value));
}
Observation& Observation::set(std::string_view field, double value) & { return put(field, value); }
Observation& Observation::set(std::string_view field, Duration value) & {
  return put(field, std::round(milliseconds(value) * 1e3) / 1e3);
}
Observation& Observation::set(std::string_view field, const IpAddress& address) & {
  return put(field, address.text());
}

Parsed<bool> Observation::set_foreign(std::string_view field, Value value) {
  const FieldRow* known = row(kind).field(field);
  if (known == nullptr) {
    std::vector<std::string> names;
    for (const auto& candidate : row(kind).fields) names.emplace_back(candidate.name);
    const std::string near = nearest(field, names);
    return error(fmt::format("observation '{}' has no field '{}'{}", name(kind),
                             printable(field, 40),
                             near.empty() ? "" : fmt::format("; nearest is '{}'", near)));
  }
  if (known->type == ValueType::real && std::holds_alternative<std::int64_t>(value)) {
    value = static_cast<double>(std::get<std::int64_t>(value));
  }
  if (known->type != type_of(value)) {
    return error(fmt::format("field '{}' of observation '{}' must be {}, not {}", field, name(kind),
                             name(known->type), name(type_of(value))));
  }
  put(field, std::move(value));
  return true;
}

const Value* Observation::find(std::string_view field) const {
  const auto at_field = std::ranges::find(fields_, field, &decltype(fields_)::value_type::first);
  return at_field == fields_.end() ? nullptr : &at_field->second;
}

std::string_view Observation::text(std::string_view field) const {
  const Value* value = find(field);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::string_view{} : std::string_view{*text};
}

const std::vector<std::string>& Observation::texts(std::string_view field) const {
  static const std::vector<std::string> nothing;
  const Value* value = find(field);
  const auto* texts = value == nullptr ? nullptr : std::get_if<std::vector<std::string>>(value);
  return texts == nullptr ? nothing : *texts;
}

std::int64_t Observation::integer(std::string_view field) const {
  const Value* value = find(field);
  const auto* integer = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return integer == nullptr ? 0 : *integer;
}

double Observation::real(std::string_view field) const {
  const Value* value = find(field);
  if (value == nullptr) return 0;
  if (const auto* integer = std::get_if<std::int64_t>(value)) return static_cast<double>(*integer);
  const auto* real = std::get_if<double>(value);
  return real == nullptr ? 0 : *real;
}

bool Observation::boolean(std::string_view field) const {
  const Value* value = find(field);
  const auto* boolean = value == nullptr ? nullptr : std::get_if<bool>(value);
  return boolean != nullptr && *boolean;
}

}  // namespace causeway::model
