// Comparisons with what the edge itself answers.
#include <fmt/format.h>

#include "judge/comparisons.hpp"

namespace causeway::judge {
namespace {

using model::Kind;

Seen last_answer(const Scene& scene) {
  Seen out = nullptr;
  for (const Seen seen : scene.of(Kind::edge_answer)) {
    if (scene.ours(*seen)) out = seen;
  }
  return out;
}

bool is_edge_error(const model::Observation& answer) {
  return answer.text("made_by") == "edge" &&
         (answer.integer("code") >= 500 || answer.integer("subcode") >= 1000);
}

// DNS leads into the edge's own ranges. With the edge's mark on the answer that is simply a proxied
// site seen from outside; without one, or with error 1000, the record leads an edge back to itself.
void compare_edge_addresses(Comparisons& out, Seen answer) {
  for (const auto& address : out.scene().addresses()) {
    const Seen seen = out.scene().address(address);
    if (seen == nullptr || !seen->boolean("in_edge")) continue;
    const Seen http = find_ours(out.scene(), Kind::http, address, "variant", "main");
    const bool answered = answer != nullptr && answer->text("outcome") == "answered";
    const bool loops = answered && answer->integer("subcode") == 1000;
    const bool marked = (answered && !answer->text("mark").empty()) ||
                        (http != nullptr && !http->text("edge_mark").empty());
    const bool plain = answered || (http != nullptr && http->text("outcome") == "complete");
    const std::string_view result = loops    ? "loops"
                                    : marked ? "proxied"
                                    : plain  ? "no-mark"
                                             : "unclear";
    out.add("edge-address", result, address, {}, {seen, answer, http});
  }
}

bool direct_works(const model::Attempt& attempt) {
  return attempt.failed_stage() == nullptr && !attempt.stages.empty() &&
         attempt.stages.back().outcome == model::Outcome::ok && attempt.status < 500;
}

void compare_with_direct(Comparisons& out, Seen answer) {
  if (answer == nullptr || answer->text("outcome") != "answered") return;
  const bool edge_fails = is_edge_error(*answer);
  bool asked = false;
  bool works = false;
  std::vector<Seen> from{answer};
  for (const auto& attempt : out.scene().evidence().attempts) {
    if (!attempt.address || attempt.via != model::Via::direct) continue;
    const auto address = attempt.address->text();
    const Seen seen = out.scene().address(address);
    if (out.scene().for_comparison_only(address)) continue;
    if (seen != nullptr && seen->boolean("in_edge")) continue;
    asked = true;
    works = works || direct_works(attempt);
    from.push_back(main_connect(out.scene(), address));
  }
  std::string_view result = edge_fails ? "edge-fails" : "edge-works";
  if (asked && edge_fails) result = works ? "only-edge-fails" : "both-fail";
  if (asked && !edge_fails) result = works ? "both-work" : "only-direct-fails";
  out.add("edge-vs-direct", result, {},
          fmt::format("the edge shows {}",
                      edge_fails ? answer->integer("code") : answer->integer("status")),
          from);
}

}  // namespace

void compare_edge(Comparisons& out) {
  const Seen answer = last_answer(out.scene());
  compare_edge_addresses(out, answer);
  compare_with_direct(out, answer);
}

}  // namespace causeway::judge
