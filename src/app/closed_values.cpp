#include "app/closed_values.hpp"

#include "base/text.hpp"

namespace causeway::app {
namespace {

constexpr std::string_view kBar = " | ";

std::string_view last_word(std::string_view text) { return text.substr(text.rfind(' ') + 1); }

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find_first_of(" ,;("));
}

std::vector<std::string> listed(std::string_view meaning) {
  std::vector<std::string> out;
  auto bar = meaning.find(kBar);
  if (bar == std::string_view::npos) return out;
  out.emplace_back(last_word(meaning.substr(0, bar)));
  while (bar != std::string_view::npos) {
    const std::string_view rest = meaning.substr(bar + kBar.size());
    out.emplace_back(first_word(rest));
    const auto next = rest.find(kBar);
    bar = next == std::string_view::npos ? next : bar + kBar.size() + next;
  }
  return out;
}

std::vector<std::string> of_other(std::string_view kind_name, std::string_view field_name) {
  const auto kind = model::kind_named(kind_name);
  if (!kind) return {};
  const auto* field = model::row(*kind).field(field_name);
  return field == nullptr ? std::vector<std::string>{} : closed_values(model::row(*kind), *field);
}

}  // namespace

std::vector<std::string> closed_values(const model::KindRow& kind, const model::FieldRow& field) {
  if (field.type != model::ValueType::text) return {};
  std::string_view meaning = field.meaning;
  if (meaning.starts_with("as in ")) {
    meaning.remove_prefix(6);
    const auto other = first_word(meaning);
    return other == kind.name ? std::vector<std::string>{} : of_other(other, field.name);
  }
  if (meaning.starts_with("as ")) {
    const auto path = first_word(meaning.substr(3));
    const auto dot = path.find('.');
    if (dot != std::string_view::npos) return of_other(path.substr(0, dot), path.substr(dot + 1));
  }
  return listed(meaning);
}

}  // namespace causeway::app
