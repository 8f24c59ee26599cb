#include "edge/accept.hpp"

#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

struct Form {
  BodyForm form;
  std::string_view type;
  std::string_view subtype;
};

// In the order of preference where one range takes several: "*/*" is a person's browser,
// "application/*" a program. "text/*" is sent by no browser; readers of Markdown send it.
constexpr std::array kForms{
    Form{BodyForm::html, "text", "html"},
    Form{BodyForm::problem_json, "application", "problem+json"},
    Form{BodyForm::json, "application", "json"},
    Form{BodyForm::markdown, "text", "markdown"},
    Form{BodyForm::text, "text", "plain"},
};

// "0", "0.5", "1.000" (RFC 9110 12.4.2), in thousandths.
std::optional<int> weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int value = (text[0] - '0') * 1000;
  if (text.size() == 1) return value;
  if (text[1] != '.') return std::nullopt;
  int unit = 100;
  for (const char digit : text.substr(2)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value += (digit - '0') * unit;
    unit /= 10;
  }
  return value <= 1000 ? std::optional{value} : std::nullopt;
}

struct Range {
  std::string_view type;
  std::string_view subtype;
  int weight = 1000;
  bool exact_parameters = false;  // "text/html;level=1" asks for a variant that does not exist
};

std::optional<Range> parse_range(std::string_view text) {
  Range out;
  bool first = true;
  for (const auto raw : split(text, ';')) {
    const auto part = trim(raw);
    if (std::exchange(first, false)) {
      const auto slash = part.find('/');
      if (slash == std::string_view::npos || slash == 0 || slash + 1 == part.size()) return {};
      out.type = part.substr(0, slash);
      out.subtype = part.substr(slash + 1);
      if (out.type == "*" && out.subtype != "*") return {};
      continue;
    }
    const auto equals = part.find('=');
    const auto key = trim(part.substr(0, equals));
    const auto value = equals == std::string_view::npos ? "" : trim(part.substr(equals + 1));
    if (equals_ignoring_case(key, "q")) {
      const auto parsed = weight(value);
      if (!parsed) return {};
      out.weight = *parsed;
    } else if (!key.empty() && !equals_ignoring_case(key, "charset")) {
      out.exact_parameters = true;
    }
  }
  return out;
}

// 0: the range does not take the form; else 1 for */*, 2 for type/*, 3 for a structured suffix
// (a client of "application/vnd.example+json" reads problem details), 4 for the type itself.
int specificity(const Range& range, const Form& form) {
  if (range.type == "*") return 1;
  if (!equals_ignoring_case(range.type, form.type)) return 0;
  if (range.subtype == "*") return 2;
  if (equals_ignoring_case(range.subtype, form.subtype)) return 4;
  const bool json = range.subtype.size() > 5 &&
                    equals_ignoring_case(range.subtype.substr(range.subtype.size() - 5), "+json");
  return json && form.form == BodyForm::problem_json ? 3 : 0;
}

struct Choice {
  int weight = 0;
  int specificity = 0;
  int position = 0;
};

bool better(const Choice& a, const Choice& b) {
  if (a.weight != b.weight) return a.weight > b.weight;
  if (a.specificity != b.specificity) return a.specificity > b.specificity;
  return a.position < b.position;
}

}  // namespace

std::string_view media_type(BodyForm form) {
  switch (form) {
    case BodyForm::html: return "text/html; charset=utf-8";
    case BodyForm::problem_json: return "application/problem+json";
    case BodyForm::json: return "application/json; charset=utf-8";
    case BodyForm::markdown: return "text/markdown; charset=utf-8";
    case BodyForm::text: return "text/plain; charset=utf-8";
  }
  std::unreachable();
}

BodyForm negotiate(std::string_view accept) {
  if (trim(accept).empty()) return BodyForm::html;
  std::array<Choice, kForms.size()> choices{};  // of each form: its most specific range
  int position = 0;
  for (const auto part : split(accept, ',')) {
    if (position >= limits::kAcceptRanges) break;
    const auto range = parse_range(trim(part));
    if (!range || range->exact_parameters) continue;
    ++position;
    for (std::size_t i = 0; i < kForms.size(); ++i) {
      const int how = specificity(*range, kForms[i]);
      if (how > choices[i].specificity) choices[i] = {range->weight, how, position};
    }
  }
  if (position == 0) return BodyForm::html;  // nothing that could be read
  const bool any_text = accept.contains("text/*");
  std::size_t best = 0;
  bool found = false;
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    if (choices[i].weight == 0) continue;
    const bool markdown = any_text && kForms[i].form == BodyForm::markdown &&
                          choices[i].specificity == 2 && choices[best].specificity == 2 &&
                          choices[i].position == choices[best].position;
    if (!found || better(choices[i], choices[best]) || markdown) best = i;
    found = true;
  }
  return found ? kForms[best].form : BodyForm::text;
}

}  // namespace causeway::edge
