#include "judge/fill_words.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "judge/words.hpp"

namespace causeway::judge {
namespace {

using model::Kind;

constexpr std::size_t kSettlesShown = 6;
constexpr std::size_t kOwnFixes = 3;

// Servers seen in the answers: their own fixes come first.
std::string systems_seen(const Scene& scene) {
  std::string out;
  for (const Seen seen : scene.of(Kind::http)) {
    if (scene.ours(*seen)) out += lower(seen->text("server")) + " ";
  }
  for (const Seen seen : scene.of(Kind::fact)) out += lower(seen->text("detail")) + " ";
  return out;
}

// What the origin itself says about the rule, the line or the process comes before what fits
// everywhere.
void add_from_facts(model::RankedCause& cause, const Scene& scene) {
  std::vector<model::Fix> own;
  for (const auto& reason : cause.reasons) {
    for (const auto& id : reason.observations) {
      const auto& facts = scene.of(model::Kind::fact);
      const auto at = std::ranges::find_if(facts, [&](const Seen seen) { return seen->id == id; });
      if (at == facts.end()) continue;
      if (cause.attributes.agent.empty()) cause.attributes.agent = (*at)->text("agent");
      const bool known = std::ranges::any_of(
          own, [&](const model::Fix& fix) { return fix.text == (*at)->text("fix"); });
      if (!(*at)->has("fix") || known || own.size() >= kOwnFixes) continue;
      own.push_back({.text = std::string{(*at)->text("fix")},
                     .command = std::string{(*at)->text("command")},
                     .undo = {},
                     .verify = "causeway inspect"});
    }
  }
  cause.fixes.insert(cause.fixes.begin(), own.begin(), own.end());
}

}  // namespace

void add_words(model::RankedCause& cause, Examination& examination) {
  const CauseWords& words = cause_words(cause.cause);
  const std::string_view title =
      words.title.empty() ? model::row(cause.cause).title : std::string_view{words.title};
  cause.title = examination.fill_title(title);
  const auto filled = [&](const std::string& text) { return examination.fill_blanks(text); };
  const auto command = [&](const std::string& text) { return examination.fill_command(text); };
  for (const auto& step : words.settles) {
    cause.settles.push_back({.text = filled(step.text), .command = command(step.command)});
  }
  const std::string seen = systems_seen(examination.scene());
  for (const bool first : {true, false}) {
    for (const auto& [system, fix] : words.fixes) {
      const bool present = !system.empty() && seen.contains(system);
      if (present != first) continue;
      cause.fixes.push_back({.text = filled(fix.text),
                             .command = command(fix.command),
                             .undo = command(fix.undo),
                             .verify = command(fix.verify)});
      if (cause.fixes.back().verify.empty()) {
        cause.fixes.back().verify = command("causeway diagnose {url}");
      }
    }
  }
  if (cause.settles.size() > kSettlesShown) cause.settles.resize(kSettlesShown);
  add_from_facts(cause, examination.scene());
}

}  // namespace causeway::judge
