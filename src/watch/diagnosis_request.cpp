#include "watch/diagnosis_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "watch/judge_check.hpp"

namespace causeway::watch {
namespace {

using model::FailureId;
using model::Stage;
using model::State;

bool names_addresses(const Target& target) {
  return target.record == "A" || target.record == "AAAA";
}

std::string why_none(const Target& target) {
  switch (target.kind) {
    case CheckKind::heartbeat:
      return "A heartbeat cannot be diagnosed: nothing is asked, it is told.";
    case CheckKind::ping:
      return "A ping cannot be diagnosed: the machine answers or it does not, no service is asked.";
    case CheckKind::dns:
      if (names_addresses(target)) return {};
      return fmt::format(
          "{} records cannot be diagnosed: a diagnosis follows a name to its addresses.",
          target.record);
    case CheckKind::http:
    case CheckKind::tcp:
    case CheckKind::tls: return {};
  }
  return {};
}

// Not about a web server: the last stage is that of the check.
void ask_about_service(const Target& target, reach::Request& out) {
  out.target = {.url = fmt::format("{}://{}", name(target.kind), target.subject()),
                .host = target.host,
                .scheme = std::string{name(target.kind)},
                .port = target.port};
  out.until = target.kind == CheckKind::tls ? Stage::secure : Stage::connect;
  if (target.kind != CheckKind::dns) return;
  out.until = Stage::resolve;
  out.target.url = fmt::format("dns://{}", target.host);
  out.target.port = 53;
  out.family = target.record == "A" ? Family::ipv4 : Family::ipv6;
}

// What the checks look at and a diagnosis does not.
bool expects_content(const Expect& expect) {
  return !expect.absent.empty() || !expect.fields.empty() || !expect.json.empty();
}

bool expected_status(const Expect& expect, int status) {
  return expect.status != 0 ? status == expect.status : status < 400;
}

bool works(const model::Attempt& one) {
  return !one.stages.empty() && one.failed_stage() == nullptr &&
         one.stages.back().outcome == model::Outcome::ok;
}

// What is wrong with the way that DNS leads, beside an origin that works; null: nothing is.
const model::Attempt* way_that_differs(const Target& target, const model::Diagnosis& diagnosis) {
  if (std::ranges::none_of(diagnosis.attempts, works)) return nullptr;
  const auto at = std::ranges::find_if(diagnosis.attempts, [&](const model::Attempt& one) {
    if (one.via != model::Via::edge) return false;
    const auto* failed = one.failed_stage();
    if (failed != nullptr) return failed->failure && !own_trouble(*failed->failure);
    return one.status != 0 && !expected_status(target.expect, one.status);
  });
  return at != diagnosis.attempts.end() ? &*at : nullptr;
}

// An edge on the origin's own machine: what was seen of the one address is of two servers, and no
// ranking of causes tells them apart.
bool shares_address(const model::Diagnosis& diagnosis, const model::Attempt& way) {
  return std::ranges::any_of(diagnosis.attempts, [&](const model::Attempt& one) {
    return one.via == model::Via::direct && one.address == way.address && works(one);
  });
}

void blame_way(const Target& target, const model::Attempt& way, model::Verdict& verdict) {
  const auto* failed = way.failed_stage();
  const FailureId failure = failed != nullptr ? *failed->failure : FailureId::http_status;
  verdict = {.state = State::failing,
             .code = failed != nullptr ? row(failure).code : way.status,
             .stage = row(failure).stage,
             .failure = failure,
             .notes = std::move(verdict.notes)};
  const bool beside = !target.origins.empty();
  const std::string where = fmt::format(
      "{} that DNS leads, {},", beside ? "The origin itself answers well; the way" : "The way",
      way.address ? way.address->text() : target.host);
  verdict.sentence = failed != nullptr ? fmt::format("{} fails: {}", where, row(failure).sentence)
                                       : fmt::format("{} answers with {}.", where, way.status);
  verdict.causes.push_back({.cause = model::CauseId::unknown,
                            .probability = 0.5,
                            .title = std::string{row(model::CauseId::unknown).title},
                            .attributes = {}});
}

}  // namespace

Parsed<reach::Request> diagnosis_request(const Target& target) {
  if (std::string why = why_none(target); !why.empty()) return error(std::move(why));
  reach::Request out;
  out.target = target.url;
  out.family = target.family;
  if (target.kind == CheckKind::http) {
    out.target.host = target.host;
    out.target.port = target.port;
    out.origins = target.origins;
    out.way_of_dns = !target.origins.empty();
    out.known_addresses = target.known_addresses;
    out.expect = {.status = target.expect.status, .below = 400, .text = target.expect.text};
  } else {
    ask_about_service(target, out);
  }
  if (!target.every_address) out.most_addresses = 1;
  out.ca_file = target.ca_file;
  out.resolver = target.resolver;
  out.private_names = !target.public_only;
  return out;
}

void limit_claim(const Target& target, model::Diagnosis& diagnosis) {
  model::Verdict& verdict = diagnosis.verdict;
  const bool open = verdict.state == State::ok || verdict.state == State::undetermined;
  const auto* way = way_that_differs(target, diagnosis);
  if (way != nullptr && (open || shares_address(diagnosis, *way))) {
    blame_way(target, *way, verdict);
    return;
  }
  if (verdict.state != State::ok) return;
  if (expects_content(target.expect)) {
    verdict.sentence += " Whether the content is as expected only the checks judge.";
  } else if (target.kind == CheckKind::dns && !target.expect.values.empty()) {
    verdict.sentence += " Whether the values are as expected only the checks judge.";
  }
}

std::string what_differs(const Target& target, const CheckResult& newest) {
  if (newest.outcome == Outcome::ok || newest.outcome == Outcome::unknown) return {};
  if (target.kind == CheckKind::dns && !newest.failure) {
    return "The name resolves: it is the values that differ from what is expected.";
  }
  const bool content = target.kind == CheckKind::http && newest.failure == FailureId::http_status &&
                       expected_status(target.expect, newest.status);
  if (!content || !expects_content(target.expect)) return {};
  return target.url.scheme == "https"
             ? "The connection, TLS and HTTP are well: it is the content that differs."
             : "The connection and HTTP are well: it is the content that differs.";
}

}  // namespace causeway::watch
