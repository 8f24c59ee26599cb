#include "app/phrases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/code.hpp"

namespace causeway::app {
namespace {

// Fields that only repeat the subject of an observation.
constexpr std::array<std::string_view, 6> kRepeated{"address", "port",    "family",
                                                    "outcome", "variant", "role"};

std::string value_text(std::string_view field, const model::Value& value) {
  const bool ms = field.ends_with("_ms");
  if (const auto* text = std::get_if<std::string>(&value)) {
    return printable(*text, limits::kTextKept);
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    std::string out;
    for (const auto& text : *texts) {
      out += (out.empty() ? "" : " ") + printable(text, limits::kTextKept);
      if (out.size() > limits::kTextKept) return out + " ...";
    }
    return out;
  }
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* real = std::get_if<double>(&value)) {
    return ms ? duration_text(Duration{static_cast<std::int64_t>(*real * 1e6)})
              : fmt::format("{:.6g}", *real);
  }
  return std::get<bool>(value) ? "yes" : "no";
}

std::string field_label(std::string_view field) {
  if (field.ends_with("_ms")) field.remove_suffix(3);
  std::string out{field};
  std::ranges::replace(out, '_', ' ');
  return out;
}

}  // namespace

std::string_view state_word(model::State state) {
  switch (state) {
    case model::State::ok: return "WORKS";
    case model::State::degraded: return "DEGRADED";
    case model::State::failing: return "FAILING";
    case model::State::undetermined: return "UNDETERMINED";
  }
  std::unreachable();
}

std::string_view confidence_word(double probability) {
  if (probability >= 0.9) return "almost certain";
  if (probability >= 0.7) return "very likely";
  if (probability >= 0.45) return "likely";
  if (probability >= 0.15) return "possible";
  return "unlikely";
}

std::string_view owner_phrase(model::Owner owner) {
  switch (owner) {
    case model::Owner::you: return "you";
    case model::Owner::host: return "your hosting provider";
    case model::Owner::edge: return "whoever runs the edge, or this machine";
    case model::Owner::network: return "a network on the way";
  }
  std::unreachable();
}

std::string_view stage_word(model::Stage stage) {
  switch (stage) {
    case model::Stage::resolve: return "DNS";
    case model::Stage::route: return "Route";
    case model::Stage::connect: return "TCP";
    case model::Stage::secure: return "TLS";
    case model::Stage::exchange: return "HTTP";
    case model::Stage::choose: return "Choose";
    case model::Stage::any: return "Any";
  }
  std::unreachable();
}

std::string duration_text(Duration span) {
  const double ms = milliseconds(span);
  if (ms < 9.95) return fmt::format("{:.1f} ms", ms);
  if (ms < 999.5) return fmt::format("{:.0f} ms", ms);
  return fmt::format("{:.1f} s", ms / 1e3);
}

std::string code_phrase(const model::Verdict& verdict) {
  if (verdict.code == 0) return {};
  const auto named = [](int code) {
    const auto title = model::code_title(code);
    return title.empty() ? fmt::format("{}", code) : fmt::format("{} {}", code, title);
  };
  std::string out = named(verdict.code);
  if (verdict.subcode != 0) out += fmt::format(" ({})", named(verdict.subcode));
  return out;
}

std::string headline(const model::Verdict& verdict) {
  const std::string code = code_phrase(verdict);
  const auto word = state_word(verdict.state);
  if (verdict.state == model::State::undetermined) {
    return fmt::format("{}: {}", word,
                       verdict.code == 0 ? "what is seen does not settle it"
                                         : "this machine's own trouble hides the site");
  }
  if (code.empty()) return std::string{word};
  if (verdict.state != model::State::degraded)
    return fmt::format("{}: visitors see {}", word, code);
  return verdict.code >= 400 ? fmt::format("{}: some visitors see {}", word, code)
                             : fmt::format("{}: visitors see {}, not all is well", word, code);
}

std::string standing(const model::RankedCause& cause) {
  std::string out{confidence_word(cause.probability)};
  if (cause.cause == model::CauseId::unknown || cause.cause == model::CauseId::none) return out;
  return out + fmt::format(", to act: {}", owner_phrase(model::row(cause.cause).owner));
}

std::string title_beside(const model::RankedCause& cause, std::string_view sentence) {
  const std::string title =
      cause.title.empty() ? std::string{model::row(cause.cause).title} : cause.title;
  if (sentence.ends_with('.')) sentence.remove_suffix(1);
  return title == sentence || title == std::string{sentence} + "." ? std::string{} : title;
}

std::string raw_line(const model::Observation& observation) {
  std::string out = fmt::format("{} {}", name(observation.kind),
                                printable(observation.subject, limits::kTextKept));
  const auto outcome = observation.text("outcome");
  std::string_view separator = ": ";
  if (!outcome.empty()) {
    out += fmt::format(": {}", printable(outcome, limits::kTextKept));
    separator = ", ";
  }
  for (const auto& [field, value] : observation.fields()) {
    const bool main =
        (field == "variant" || field == "role") && std::get<std::string>(value) != "main";
    if (!main && std::ranges::find(kRepeated, field) != kRepeated.end()) continue;
    out += fmt::format("{}{} {}", std::exchange(separator, ", "), field_label(field),
                       value_text(field, value));
  }
  return out;
}

std::string references(const std::vector<std::string>& ids) {
  if (ids.empty()) return {};
  std::vector<std::string> shown;
  shown.reserve(ids.size());
  for (const auto& id : ids) shown.push_back(printable(id, 24));
  return fmt::format(" [{}]", join(shown, " "));
}

int exit_code(const model::Verdict& verdict) {
  switch (verdict.state) {
    case model::State::ok: return 0;
    case model::State::degraded:
    case model::State::failing: return 1;
    case model::State::undetermined: return 3;
  }
  std::unreachable();
}

std::string_view exit_meaning(int code) {
  switch (code) {
    case 0: return "fine";
    case 1: return "a problem is proved";
    case 2: return "wrong use";
    default: return "could not tell";
  }
}

}  // namespace causeway::app
