#include "judge/cases.hpp"

#include <algorithm>
#include <tuple>

namespace causeway::judge {
namespace {

using model::FailureId;
using model::Via;

// How much an attempt's end tells: nobody answered < a router < the host itself.
int answered(FailureId failure) {
  switch (failure) {
    case FailureId::connect_silent:
    case FailureId::resolve_timeout:
    case FailureId::tls_silent:
    case FailureId::http_silent:
    case FailureId::http_request_unacked: return 0;
    case FailureId::resolve_resolver_unreachable:
    case FailureId::resolve_server_failed: return 1;
    default: return 2;
  }
}

int depth(const Case& one) {
  if (one.failure) return static_cast<int>(model::row(*one.failure).stage);
  return static_cast<int>(model::Stage::exchange);
}

const Excuse* row_of(const std::vector<Excuse>& rows, FailureId failure, Examination& examination) {
  for (const auto& row : rows) {
    if (std::ranges::find(row.failures, failure) == row.failures.end()) continue;
    if (examination.holds(row.sign)) return &row;
  }
  return nullptr;
}

Standing standing_of(model::State state) {
  if (state == model::State::undetermined) return Standing::own_trouble;
  return state == model::State::failing ? Standing::failing : Standing::limping;
}

// Where the concern is about an answer, its status is what visitors are shown: of two answers the
// worse one.
int status_of(const Finding& finding) {
  std::int64_t out = 0;
  for (const Seen seen : finding.evidence) {
    if (seen->kind == model::Kind::http) out = std::max(out, seen->integer("status"));
  }
  return static_cast<int>(out);
}

void apply_concern(const Rulebook& book, Examination& examination, Case& out) {
  for (const auto& concern : book.concerns) {
    if (concern.of_target || !examination.holds(concern.sign)) continue;
    out.concern = &concern;
    out.chapter = concern.name;
    out.failure = concern.shows;
    out.standing = standing_of(concern.state);
    const int status = status_of(examination.sign(concern.sign));
    if (concern.shows == FailureId::http_status && status > out.status) out.status = status;
    return;
  }
}

Case case_of(const Rulebook& book, const Scene& scene, const model::Attempt& attempt, int order) {
  Case out{.chapter = "healthy",
           .focus = {.address = attempt.address ? attempt.address->text() : "",
                     .port = attempt.port == 0 ? scene.port() : attempt.port},
           .status = attempt.status,
           .excuse = {},
           .order = order};
  Examination examination{book, scene, out.focus};
  if (const auto* failed = attempt.failed_stage(); failed != nullptr) {
    const auto failure = failed->failure.value_or(FailureId::internal);
    if (failure == FailureId::cancelled) {
      out.standing = Standing::untested;
      return out;
    }
    const Excuse* const excuse = row_of(book.excuses, failure, examination);
    if (excuse == nullptr) {
      const Excuse* const own = row_of(book.own, failure, examination);
      out.failure = failure;
      out.chapter = own != nullptr && !own->chapter.empty() ? own->chapter : model::name(failure);
      out.standing = own != nullptr || model::is_own_trouble(failure) ? Standing::own_trouble
                                                                      : Standing::failing;
      return out;
    }
    out.excuse = excuse->sign;
    out.standing = Standing::excused;
  } else if (attempt.stages.empty() || attempt.stages.back().outcome != model::Outcome::ok) {
    out.standing = Standing::untested;
    return out;
  }
  apply_concern(book, examination, out);
  return out;
}

}  // namespace

std::vector<Case> cases(const Rulebook& book, const Scene& scene) {
  std::vector<Case> out;
  int order = 0;
  const auto& attempts = scene.evidence().attempts;
  const bool any_direct =
      std::ranges::any_of(attempts, [](const auto& one) { return one.via == Via::direct; });
  for (const auto& attempt : attempts) {
    // Beside a direct attempt the edge's answer is a second opinion (concerns about the target);
    // where the site is proxied and its origin unknown, it is all there is.
    if (attempt.via == Via::edge && any_direct) continue;
    if (attempt.address && scene.for_comparison_only(attempt.address->text())) continue;
    out.push_back(case_of(book, scene, attempt, order++));
    const bool lost = attempt.via == Via::edge && attempt.failed_stage() != nullptr;
    if (lost) out.back().standing = Standing::untested;
  }
  Examination examination{book, scene, Focus{.address = "", .port = scene.port()}};
  for (const auto& concern : book.concerns) {
    if (!concern.of_target || !examination.holds(concern.sign)) continue;
    out.push_back({.chapter = concern.name,
                   .focus = examination.focus(),
                   .standing = standing_of(concern.state),
                   .failure = concern.shows,
                   .concern = &concern,
                   .excuse = {},
                   .order = order++});
  }
  return out;
}

bool outranks(const Case& a, const Case& b) {
  const auto key = [](const Case& one) {
    const bool failing = one.standing == Standing::failing;
    const bool own = one.standing == Standing::own_trouble;
    return std::tuple{!own, failing, depth(one), one.failure ? answered(*one.failure) : 2,
                      -one.order};
  };
  return key(a) > key(b);
}

}  // namespace causeway::judge
