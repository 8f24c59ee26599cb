#include "watch/remedy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "watch/duration_words.hpp"

namespace causeway::watch {
namespace {

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::hours kWeek{24 * 7};
constexpr int kAgainAndAgain = 3;

bool ran(const store::RemedyRun& run) { return !run.dry && run.outcome != "refused"; }

}  // namespace

RemedyAnswer may_run(const Remedy& remedy, const std::string& failure, const std::string& incident,
                     const std::vector<store::RemedyRun>& runs, WallTime now) {
  const bool wanted = remedy.failures.empty() ||
                      std::ranges::find(remedy.failures, failure) != remedy.failures.end();
  if (!wanted) return RemedyAnswer::not_for_it;
  int today = 0;
  for (const store::RemedyRun& run : runs) {
    if (run.name != remedy.name) continue;
    if (run.incident == incident) return RemedyAnswer::same_run;
    if (!ran(run)) continue;
    if (now - run.at < remedy.cool_down) return RemedyAnswer::cooling;
    today += now - run.at < kDay ? 1 : 0;
  }
  if (today >= remedy.most_a_day) return RemedyAnswer::spent;
  return remedy.dry_run ? RemedyAnswer::dry_run : RemedyAnswer::run;
}

std::string sentence_of(RemedyAnswer answer, const Remedy& remedy) {
  switch (answer) {
    case RemedyAnswer::run: return fmt::format("Remedy '{}' runs.", remedy.name);
    case RemedyAnswer::dry_run:
      return fmt::format("Remedy '{}' would run now; dry_run = false lets it.", remedy.name);
    case RemedyAnswer::not_for_it:
      return fmt::format("Remedy '{}' is not for this failure.", remedy.name);
    case RemedyAnswer::cooling:
      return fmt::format("Remedy '{}' waits: it ran less than {} ago.", remedy.name,
                         words(remedy.cool_down));
    case RemedyAnswer::spent:
      return fmt::format("Remedy '{}' ran {} times today and may not run again.", remedy.name,
                         remedy.most_a_day);
    case RemedyAnswer::same_run:
      return fmt::format("Remedy '{}' was tried in this incident already.", remedy.name);
  }
  std::unreachable();
}

std::optional<std::string> keeps_being_needed(const Remedy& remedy,
                                              const std::vector<store::RemedyRun>& runs,
                                              WallTime now) {
  const auto count = std::ranges::count_if(runs, [&](const store::RemedyRun& run) {
    return run.name == remedy.name && ran(run) && now - run.at < kWeek;
  });
  if (count < kAgainAndAgain) return std::nullopt;
  return fmt::format(
      "'{}' was needed {} times in 7 days: it hides what lies under it. 'causeway inspect' on the "
      "origin, right before the next time, shows what runs out or crashes.",
      remedy.name, count);
}

}  // namespace causeway::watch
