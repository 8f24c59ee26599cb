#include "judge/examine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::judge {
namespace {

using model::Kind;
using model::Observation;
using model::Value;

constexpr std::array<std::string_view, 9> kFocusFields{
    "address", "port", "endpoint", "host", "scheme", "url", "family", "record", "source"};

Answer inverse(Answer answer) {
  if (answer == Answer::yes) return Answer::no;
  return answer == Answer::no ? Answer::yes : Answer::unknown;
}

Answer answer_of(bool holds) { return holds ? Answer::yes : Answer::no; }

std::optional<double> number_in(std::string_view text) {
  double out = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<double> number(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return static_cast<double>(*integer);
  }
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

bool equals(const Value& value, std::string_view wanted) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text == wanted;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    return std::ranges::find(*texts, wanted) != texts->end();
  }
  if (const auto* boolean = std::get_if<bool>(&value)) {
    return wanted == (*boolean ? "true" : "false");
  }
  const auto is = number(value);
  const auto want = number_in(wanted);
  return is && want && *is == *want;
}

bool contains(const Value& value, std::string_view part) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return contains_ignoring_case(*text, part);
  }
  const auto* texts = std::get_if<std::vector<std::string>>(&value);
  return texts != nullptr && std::ranges::any_of(*texts, [part](const std::string& text) {
           return contains_ignoring_case(text, part);
         });
}

void add(std::vector<Seen>& all, const std::vector<Seen>& more) {
  for (const Seen seen : more) {
    if (std::ranges::find(all, seen) == all.end()) all.push_back(seen);
  }
}

}  // namespace

std::string shown(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return printable(*text, limits::kTextKept);
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    return printable(join(*texts, ", "), limits::kTextKept);
  }
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "yes" : "no";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::to_string(*integer);
  return fmt::format("{:.0f}", std::abs(std::get<double>(value)));
}

bool is_focus_field(std::string_view name) {
  return std::ranges::find(kFocusFields, name) != kFocusFields.end();
}

Examination::Examination(const Rulebook& book, const Scene& scene, Focus focus)
    : book_(book), scene_(scene), focus_(std::move(focus)), known_(book.signs.size()) {}

std::optional<std::string> Examination::focus_field(std::string_view name) const {
  if (!is_focus_field(name)) return std::nullopt;
  const bool v6 = focus_.address.contains(':');
  if (name == "address" && !focus_.address.empty()) return focus_.address;
  if (name == "port" && focus_.port != 0) return fmt::to_string(focus_.port);
  if (name == "endpoint" && !focus_.address.empty()) {
    return v6 ? fmt::format("[{}]:{}", focus_.address, focus_.port)
              : fmt::format("{}:{}", focus_.address, focus_.port);
  }
  if (name == "host") return scene_.host();
  if (name == "scheme") return scene_.scheme();
  if (name == "url" && scene_.target() != nullptr) return std::string{scene_.target()->text("url")};
  if (name == "family" && !focus_.address.empty()) return v6 ? "IPv6" : "IPv4";
  if (name == "record") return v6 ? "AAAA" : "A";
  if (name == "source") {
    std::string own = scene_.source(focus_.address);
    if (!own.empty()) return own;
  }
  return std::nullopt;
}

std::string Examination::resolved(std::string_view value) const {
  if (!value.starts_with('{') || !value.ends_with('}')) return std::string{value};
  return focus_field(value.substr(1, value.size() - 2)).value_or("");
}

Answer Examination::condition(const Condition& condition, const Observation& seen) const {
  const Value* value = seen.find(condition.field);
  if (condition.compare == Compare::present) return answer_of(value != nullptr);
  if (condition.compare == Compare::absent) return answer_of(value == nullptr);
  if (value == nullptr) return Answer::unknown;
  bool any = false;
  for (const auto& raw : condition.values) {
    const std::string wanted = resolved(raw);
    switch (condition.compare) {
      case Compare::equal:
      case Compare::unequal: any = any || equals(*value, wanted); break;
      case Compare::contains: any = any || contains(*value, wanted); break;
      case Compare::less:
      case Compare::greater: {
        const auto is = number(*value);
        const auto limit = number_in(wanted);
        if (!is || !limit) return Answer::unknown;
        any = any || (condition.compare == Compare::less ? *is < *limit : *is > *limit);
        break;
      }
      case Compare::present:
      case Compare::absent: break;
    }
  }
  return answer_of(condition.compare == Compare::unequal ? !any : any);
}

Answer Examination::conditions(const std::vector<Condition>& all, const Observation& seen) const {
  Answer out = Answer::yes;
  for (const auto& one : all) out = std::min(out, condition(one, seen));
  return out;
}

// Facts come from the origin itself; a comparison names its address or is about the target.
bool Examination::in_scope(const Term& term, const Observation& seen) const {
  const auto about = seen.text("address");
  const bool here = about.empty() || focus_.address.empty() || about == focus_.address;
  const bool by_address = model::row(term.kind).scope == model::Scope::address;
  switch (term.whose) {
    case Whose::anywhere: return true;
    case Whose::ours: {
      if (term.kind == Kind::fact) return scene_.applies(seen, focus_);
      if (!scene_.ours(seen)) return false;
      return by_address || term.kind == Kind::compare ? here : true;
    }
    case Whose::peer: return scene_.ours(seen) && !about.empty() && about != focus_.address;
    case Whose::elsewhere:
      return term.kind != Kind::fact && !scene_.ours(seen) && (!by_address || here);
  }
  return false;
}

Finding Examination::term(const Term& term) const {
  std::vector<Seen> fits;
  std::vector<Seen> fails;
  bool doubtful = false;
  for (const Seen seen : scene_.of(term.kind)) {
    if (!in_scope(term, *seen) || conditions(term.chosen, *seen) != Answer::yes) continue;
    switch (conditions(term.holds, *seen)) {
      case Answer::yes: fits.push_back(seen); break;
      case Answer::no: fails.push_back(seen); break;
      case Answer::unknown: doubtful = true; break;
    }
  }
  switch (term.quantity) {
    case Quantity::none:
      if (fits.empty() && !doubtful) return {.answer = Answer::yes, .evidence = {}};
      return {.answer = Answer::no, .evidence = std::move(fits)};
    case Quantity::every:
      if (!fails.empty()) return {.answer = Answer::no, .evidence = std::move(fails)};
      if (doubtful || fits.empty()) return {};
      return {.answer = Answer::yes, .evidence = std::move(fits)};
    case Quantity::some:
      if (fits.size() >= static_cast<std::size_t>(term.at_least)) {
        return {.answer = Answer::yes, .evidence = std::move(fits)};
      }
      if (doubtful || fails.empty()) return {};  // too few were asked
      return {.answer = Answer::no, .evidence = std::move(fails)};
  }
  return {};
}

Finding Examination::unit(const Unit& unit) {
  const auto* index = std::get_if<SignIndex>(&unit.what);
  Finding out = index != nullptr ? sign(*index) : term(std::get<Term>(unit.what));
  if (unit.negated) out.answer = inverse(out.answer);
  if (unit.unless) out.answer = answer_of(out.answer != Answer::yes);
  return out;
}

const Finding& Examination::sign(SignIndex index) {
  auto& memory = known_.at(index);
  if (memory) return *memory;
  Finding out{.answer = Answer::no, .evidence = {}};
  std::vector<Seen> against;
  bool open = false;
  for (const auto& units : book_.signs.at(index).alternatives) {
    Finding all{.answer = Answer::yes, .evidence = {}};
    std::vector<Seen> broken;
    for (const auto& part : units) {
      const Finding one = unit(part);
      if (one.answer == Answer::no) add(broken, one.evidence);
      add(all.evidence, one.evidence);
      all.answer = std::min(all.answer, one.answer);
    }
    if (all.answer == Answer::yes) {
      memory = std::move(all);
      return *memory;
    }
    if (all.answer == Answer::unknown) open = true;
    add(against, broken);
  }
  if (open) {
    memory = Finding{};
    return *memory;
  }
  out.evidence = std::move(against);
  memory = std::move(out);
  return *memory;
}

std::optional<model::Reason> Examination::reason(SignIndex index) {
  const Finding& finding = sign(index);
  const Sign& row = book_.signs.at(index);
  const auto& text = finding.answer == Answer::yes ? row.sentence : row.else_sentence;
  if (finding.answer == Answer::unknown || text.empty()) return std::nullopt;
  model::Reason out{.sentence = fill(text, finding.evidence), .observations = {}};
  for (const Seen seen : finding.evidence) {
    // A comparison stands for what it compared: people and programs want the raw observations.
    for (const auto& id : seen->texts("from")) {
      if (std::ranges::find(out.observations, id) == out.observations.end()) {
        out.observations.push_back(id);
      }
    }
    if (std::ranges::find(out.observations, seen->id) == out.observations.end()) {
      out.observations.push_back(seen->id);
    }
  }
  return out;
}

// A placeholder is a name in braces; braces of shells, awk and JSON hold more than that.
template <class Lookup>
std::string Examination::replace(std::string_view text, Lookup lookup) const {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('{');
    if (open == std::string_view::npos) break;
    out += text.substr(0, open);
    text.remove_prefix(open + 1);
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    const bool placeholder = end != std::string_view::npos && end > 0 && text[end] == '}';
    if (!placeholder) {
      out += '{';
      continue;
    }
    out += lookup(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  out += text;
  return out;
}

std::string Examination::fill(std::string_view text, const std::vector<Seen>& evidence) const {
  return replace(text, [&](std::string_view name) {
    std::optional<std::string> value = focus_field(name);
    for (const Seen seen : evidence) {
      if (value) break;
      if (const Value* field = seen->find(name)) value = shown(*field);
    }
    return value.value_or("an unknown " + std::string{name});
  });
}

std::string Examination::fill_blanks(std::string_view text) const {
  return replace(text, [&](std::string_view name) {
    if (auto value = focus_field(name)) return *value;
    if (!is_focus_field(name)) return fmt::format("{{{}}}", name);
    std::string blank{name};
    std::ranges::transform(blank, blank.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return blank;
  });
}

std::string Examination::fill_command(std::string_view text) const {
  return fill_blanks(replace(text, [&](std::string_view name) {
    const auto value = name == "url" ? focus_field(name) : std::nullopt;
    return value ? shell_word(*value) : fmt::format("{{{}}}", name);
  }));
}

std::string Examination::fill_title(std::string_view text) const {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kParts{
      {{"address", "the origin"},
       {"host", "the site"},
       {"source", "the edge"},
       {"family", "one address family"}}};
  return replace(text, [&](std::string_view name) {
    if (auto value = focus_field(name); value && !value->empty()) return *value;
    const auto* const part = std::ranges::find(kParts, name, &decltype(kParts)::value_type::first);
    return part == kParts.end() ? fill_blanks(fmt::format("{{{}}}", name))
                                : std::string{part->second};
  });
}

}  // namespace causeway::judge
