#include "judge/rule_terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "base/text.hpp"

namespace causeway::judge {
namespace {

using Words = std::span<const std::string>;

Parsed<std::string> known_field(const Line& line, model::Kind kind, std::string_view field) {
  if (model::row(kind).field(field) != nullptr) return std::string{field};
  std::vector<std::string> names;
  for (const auto& row : model::row(kind).fields) names.emplace_back(row.name);
  return error_at(line, fmt::format("observation '{}' has no field '{}'; nearest is '{}'",
                                    model::name(kind), field, nearest(field, names)));
}

Parsed<Condition> read_condition(const Line& line, model::Kind kind, std::string_view text) {
  Condition out;
  std::string_view field = text;
  std::string_view value;
  if (text.starts_with('!') && text.find('=') == std::string_view::npos) {
    out.compare = Compare::absent;
    field = text.substr(1);
  } else if (text.ends_with('?')) {
    out.compare = Compare::present;
    field = text.substr(0, text.size() - 1);
  } else {
    const auto at = text.find_first_of("=<>~!");
    if (at == std::string_view::npos) {
      return error_at(line, fmt::format("expected field=value, field<n, field>n, field~text, "
                                        "field? or !field, not '{}'",
                                        text));
    }
    field = text.substr(0, at);
    value = text.substr(at + 1);
    switch (text[at]) {
      case '=': out.compare = Compare::equal; break;
      case '<': out.compare = Compare::less; break;
      case '>': out.compare = Compare::greater; break;
      case '~': out.compare = Compare::contains; break;
      default:
        out.compare = Compare::unequal;
        if (!value.starts_with('=')) return error_at(line, "expected '=' after '!'");
        value.remove_prefix(1);
    }
    for (const auto part : split(value, '|')) out.values.emplace_back(part);
  }
  auto name = known_field(line, kind, field);
  if (!name) return std::unexpected(name.error());
  out.field = std::move(*name);
  return out;
}

Parsed<std::vector<Condition>> read_conditions(const Line& line, model::Kind kind, Words words) {
  std::vector<Condition> out;
  for (const auto& word : words) {
    auto condition = read_condition(line, kind, word);
    if (!condition) return std::unexpected(condition.error());
    out.push_back(std::move(*condition));
  }
  return out;
}

// "connect(role=main, port={port})" into its kind and the conditions in brackets.
Parsed<bool> read_kind(const Line& line, std::string_view word, Term& term) {
  const auto open = word.find('(');
  const auto kind = model::kind_named(word.substr(0, open));
  if (!kind) return false;
  term.kind = *kind;
  if (open == std::string_view::npos) return true;
  if (!word.ends_with(')')) return error_at(line, "expected ')' at the end of the choice");
  std::vector<std::string> inside;
  for (const auto part : split(word.substr(open + 1, word.size() - open - 2), ',')) {
    inside.emplace_back(trim(part));
  }
  auto chosen = read_conditions(line, *kind, inside);
  if (!chosen) return std::unexpected(chosen.error());
  term.chosen = std::move(*chosen);
  return true;
}

bool read_modifier(std::string_view word, NamedUnit& unit, Term& term) {
  if (word == "not") {
    unit.unit.negated = !unit.unit.negated;
  } else if (word == "unless") {
    unit.unit.unless = true;
  } else if (word == "every") {
    term.quantity = Quantity::every;
  } else if (word == "no") {
    term.quantity = Quantity::none;
  } else if (word == "peer") {
    term.whose = Whose::peer;
  } else if (word == "elsewhere") {
    term.whose = Whose::elsewhere;
  } else if (word == "anywhere") {
    term.whose = Whose::anywhere;
  } else if (word.ends_with('+')) {
    const auto digits = word.substr(0, word.size() - 1);
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), term.at_least);
    return end.ec == std::errc{} && end.ptr == digits.data() + digits.size();
  } else {
    return false;
  }
  return true;
}

Parsed<NamedUnit> read_unit(const Line& line, Words words) {
  NamedUnit out;
  Term term;
  std::size_t i = 0;
  while (i < words.size() && read_modifier(words[i], out, term)) ++i;
  if (i == words.size()) return error_at(line, "expected an observation's kind or a sign's name");
  const auto is_kind = read_kind(line, words[i], term);
  if (!is_kind) return std::unexpected(is_kind.error());
  if (!*is_kind) {
    if (i + 1 != words.size()) {
      return error_at(line, fmt::format("'{}' is no kind of observation", words[i]));
    }
    out.sign = words[i];
    return out;
  }
  auto holds = read_conditions(line, term.kind, words.subspan(i + 1));
  if (!holds) return std::unexpected(holds.error());
  term.holds = std::move(*holds);
  out.unit.what = std::move(term);
  return out;
}

}  // namespace

Parsed<std::vector<NamedUnit>> read_units(const Line& line) {
  std::vector<NamedUnit> out;
  const Words words{line.words};
  std::size_t start = 0;
  for (std::size_t i = 0; i <= words.size(); ++i) {
    if (i < words.size() && words[i] != "and") continue;
    auto unit = read_unit(line, words.subspan(start, i - start));
    if (!unit) return std::unexpected(unit.error());
    out.push_back(std::move(*unit));
    start = i + 1;
  }
  return out;
}

}  // namespace causeway::judge
