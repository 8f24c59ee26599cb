#include "judge/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "judge/cases.hpp"
#include "judge/fill_words.hpp"
#include "judge/plain_service.hpp"
#include "judge/ranking.hpp"

namespace causeway::judge {
namespace {

using model::CauseId;
using model::Kind;
using model::Stage;
using model::State;
using model::Verdict;

std::string sentence_of(const Chapter& chapter, Examination& examination) {
  for (const auto& saying : chapter.sayings) {
    if (!saying.sign) return examination.fill(saying.text, {});
    const Finding& finding = examination.sign(*saying.sign);
    if (finding.answer == Answer::yes) return examination.fill(saying.text, finding.evidence);
  }
  return {};
}

Seen edge_answer(const Scene& scene) {
  Seen out = nullptr;
  for (const Seen seen : scene.of(Kind::edge_answer)) {
    if (scene.ours(*seen) && seen->text("outcome") == "answered") out = seen;
  }
  return out;
}

std::optional<Stage> stage_of_code(int code) {
  switch (code) {
    case 520:
    case 524: return Stage::exchange;
    case 521:
    case 522: return Stage::connect;
    case 523: return Stage::route;
    case 525:
    case 526: return Stage::secure;
    case 530: return Stage::resolve;
    default: return std::nullopt;
  }
}

// What a visitor is shown. When the edge itself was asked and made an error of its own, that is it.
void set_code(Verdict& verdict, const Case& main, const Scene& scene) {
  const Seen answer = edge_answer(scene);
  const bool edge_made = answer != nullptr && answer->text("made_by") == "edge";
  if (main.failure) {
    const auto& row = model::row(*main.failure);
    verdict.failure = main.failure;
    verdict.stage = row.stage == Stage::any ? std::nullopt : std::optional{row.stage};
    verdict.code = row.code;
    verdict.subcode = row.subcode;
    if (verdict.code == 0) verdict.code = main.status;
  } else {
    verdict.code = main.status;
  }
  const bool failing = main.standing == Standing::failing;
  if (edge_made && failing && answer->integer("code") >= 500) {
    verdict.code = static_cast<int>(answer->integer("code"));
    verdict.subcode = static_cast<int>(answer->integer("subcode"));
    if (!main.failure) verdict.stage = stage_of_code(verdict.code);
  } else if (verdict.code == 0 && answer != nullptr) {
    verdict.code = static_cast<int>(answer->integer("status"));
  }
}

State state_of(const std::vector<Case>& all) {
  bool works = false;
  bool limps = false;
  bool fails = false;
  for (const auto& one : all) {
    const bool of_target = one.concern != nullptr && one.concern->of_target;
    switch (one.standing) {
      case Standing::fine:
      case Standing::excused: works = true; break;
      case Standing::limping:
        limps = true;
        works = works || !of_target;
        break;
      case Standing::failing:
        // What is wrong with the target as a whole spares no address.
        if (of_target) return State::failing;
        fails = true;
        break;
      case Standing::own_trouble:
      case Standing::untested: break;
    }
  }
  if (fails) return works ? State::degraded : State::failing;
  if (limps) return State::degraded;
  return works ? State::ok : State::undetermined;
}

void add_note(Verdict& verdict, model::Note note) {
  const bool known =
      note.sentence.empty() || std::ranges::any_of(verdict.notes, [&](const model::Note& other) {
        return other.sentence == note.sentence;
      });
  if (!known && note.sentence != verdict.sentence) verdict.notes.push_back(std::move(note));
}

// What has the same cause as the headline follows from it and is not told again.
bool follows(const Chapter& chapter, Examination& examination, const Verdict& verdict) {
  const auto ranking = rank(chapter, examination);
  return examination.focus().address.empty() && !ranking.causes.empty() &&
         !verdict.causes.empty() && ranking.causes.front().cause == verdict.causes.front().cause;
}

// The other cases, what was excused and what the rules find worth a note.
void add_notes(Verdict& verdict, const Case& main, const std::vector<Case>& all,
               const Rulebook& book, const Scene& scene) {
  for (const auto& one : all) {
    if (&one == &main) continue;
    Examination examination{book, scene, one.focus};
    const Chapter* chapter = book.chapter(one.chapter);
    const bool bad = one.standing == Standing::failing || one.standing == Standing::limping ||
                     one.standing == Standing::own_trouble;
    if (!bad || chapter == nullptr) continue;
    if (one.chapter == main.chapter && !one.focus.address.empty()) {
      add_note(verdict, {.sentence = examination.fill("{address} fails in the same way.", {}),
                         .observations = {}});
    } else if (!follows(*chapter, examination, verdict)) {
      add_note(verdict,
               {.sentence = "Besides: " + sentence_of(*chapter, examination), .observations = {}});
    }
  }
  for (const auto& one : all) {
    Examination examination{book, scene, one.focus};
    std::vector<SignIndex> signs = book.notes;
    if (one.excuse) signs.insert(signs.begin(), *one.excuse);
    for (const SignIndex sign : signs) {
      if (!examination.holds(sign)) continue;
      if (auto reason = examination.reason(sign)) {
        add_note(verdict, {.sentence = std::move(reason->sentence),
                           .observations = std::move(reason->observations)});
      }
    }
  }
}

Verdict not_known(std::string sentence, std::string missing) {
  Verdict out;
  out.state = State::undetermined;
  out.sentence = std::move(sentence);
  out.missing.push_back(std::move(missing));
  out.causes.push_back({.cause = CauseId::unknown,
                        .probability = 0,
                        .title = std::string{model::row(CauseId::unknown).title},
                        .attributes = {}});
  return out;
}

Verdict nothing_to_judge(const std::vector<Case>& all) {
  const bool edge_silent =
      std::ranges::any_of(all, [](const Case& one) { return one.failure.has_value(); });
  return not_known(
      all.empty()   ? "Nothing was tried, so nothing can be said."
      : edge_silent ? "The edge itself gave no answer, so nothing can be said of what is behind it."
                    : "No attempt came to an end, so nothing can be said yet.",
      all.empty() ? "one attempt to reach the target"
                  : "one attempt that is not cut short (a longer --deadline)");
}

void add_unknown(Verdict& verdict, Examination& examination) {
  if (!verdict.causes.empty()) return;
  verdict.causes.push_back({.cause = CauseId::unknown, .probability = 0.5, .attributes = {}});
  add_words(verdict.causes.back(), examination);
  verdict.missing.emplace_back("evidence for any of the causes that show this way");
}

// Visitors come through an edge, and it said nothing: that the origin works does not say what they
// see.
bool edge_unheard(const Evidence& evidence) {
  const auto by_edge = [](const model::Attempt& one) { return one.via == model::Via::edge; };
  return std::ranges::any_of(evidence.attempts, by_edge) &&
         std::ranges::all_of(evidence.attempts, [&](const model::Attempt& one) {
           return !by_edge(one) || one.failed_stage() != nullptr;
         });
}

Verdict only_the_origin_works() {
  return not_known(
      "The origin answers, but the edge itself gave no answer: what visitors see is not known.",
      "an answer of the edge (is its address right, and is it reached from here?)");
}

}  // namespace

Verdict judge(const Evidence& evidence) {
  const Scene scene{evidence};
  const Rulebook& book = rulebook();
  const std::vector<Case> all = cases(book, scene);
  Verdict out;
  out.state = state_of(all);
  if (out.state == State::ok && edge_unheard(evidence)) return only_the_origin_works();
  const bool own_alone = out.state == State::undetermined;  // the code is what this machine shows
  if (own_alone && std::ranges::none_of(all, [](const Case& one) {
        return one.standing == Standing::own_trouble;
      })) {
    return nothing_to_judge(all);
  }

  const Case* main = nullptr;
  for (const auto& one : all) {
    if (one.standing == Standing::untested) continue;
    const bool own = one.standing == Standing::own_trouble;
    const bool good = one.standing == Standing::fine || one.standing == Standing::excused;
    if (out.state == State::ok ? !good : good) continue;
    if (own != own_alone) continue;
    if (main == nullptr || outranks(one, *main)) main = &one;
  }
  const Chapter* chapter = book.chapter(main->chapter);
  Examination examination{book, scene, main->focus};
  set_code(out, *main, scene);
  if (chapter != nullptr) {
    auto ranking = rank(*chapter, examination);
    out.causes = std::move(ranking.causes);
    out.ruled_out = std::move(ranking.ruled_out);
    out.sentence = sentence_of(*chapter, examination);
  }
  for (auto& cause : out.causes) add_words(cause, examination);
  add_unknown(out, examination);
  add_notes(out, *main, all, book, scene);
  speak_of_service(out, scene);
  return out;
}

}  // namespace causeway::judge
