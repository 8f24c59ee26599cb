#include "edge/answer.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "edge/proxy_status.hpp"

namespace causeway::edge {
namespace {

using Json = nlohmann::ordered_json;

std::chrono::seconds retry_after(const Problem& problem, const AnswerFacts& facts) {
  return facts.retry_after.count() >= 0 ? facts.retry_after : problem.retry_after;
}

std::string title(const Problem& problem) {
  return fmt::format("Error {}: {}", problem.code, problem.title);
}

std::string timestamp(WallTime at) { return rfc3339(at).substr(0, 19) + "Z"; }

bool owner_must_act(const Problem& problem, const AnswerFacts& facts) {
  return problem.guilty != Guilty::visitor && retry_after(problem, facts).count() == 0;
}

std::string what_to_do(const Problem& problem, const AnswerFacts& facts) {
  std::string out = fmt::format("**If you are visiting:** {}\n\n**If you own the site:** {}",
                                problem.visitor_advice, problem.owner_advice);
  if (problem.guilty == Guilty::origin) {
    out += fmt::format(" The cause, with its proof: `causeway diagnose {}`.",
                       printable(facts.host, 255));
  }
  return out;
}

// RFC 9457 and the members programs know from Cloudflare's structured answers.
std::string json_body(const Problem& problem, const AnswerFacts& facts) {
  const auto wait = retry_after(problem, facts).count();
  Json out = {
      {"type", fmt::format("urn:causeway:failure:{}", problem.id)},
      {"title", title(problem)},
      {"status", problem.status},
      {"detail", problem.happened},
      {"instance", facts.ray_id},
      {"error_code", problem.code},
      {"error_name", problem.name},
      {"error_category", problem.category},
      {"ray_id", facts.ray_id},
      {"timestamp", timestamp(facts.at)},
      {"zone", facts.host},
      {"causeway_error", true},
      {"failure", problem.id},
      {"failed_at", name(problem.guilty)},
      {"retryable", wait > 0},
  };
  if (!problem.stage.empty()) out["stage"] = problem.stage;
  if (wait > 0) out["retry_after"] = wait;
  out["owner_action_required"] = owner_must_act(problem, facts);
  out["what_you_should_do"] = what_to_do(problem, facts);
  out["footer"] = "This answer was made by the edge (causeway), not by the site's own server.";
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Safe as a YAML scalar in double quotes: JSON's strings are a subset of them (YAML 1.2.2, 1.3).
std::string yaml(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string markdown_body(const Problem& problem, const AnswerFacts& facts) {
  const auto wait = retry_after(problem, facts).count();
  std::string out = fmt::format(
      "---\nerror_code: {}\nerror_name: {}\nerror_category: {}\nstatus: {}\nray_id: {}\n"
      "timestamp: {}\nzone: {}\ncauseway_error: true\nfailure: {}\nretryable: {}\n",
      problem.code, problem.name, problem.category, problem.status, yaml(facts.ray_id),
      timestamp(facts.at), yaml(facts.host), problem.id, wait > 0);
  if (wait > 0) out += fmt::format("retry_after: {}\n", wait);
  out += fmt::format(
      "owner_action_required: {}\n---\n\n# {}\n\n## What happened\n\n{}\n\n"
      "## What you should do\n\n{}\n\n---\n\nMade by the edge (causeway), not by the site's own "
      "server.\n",
      owner_must_act(problem, facts), title(problem), problem.happened, what_to_do(problem, facts));
  return out;
}

// The first line is what scripts already match.
std::string text_body(const Problem& problem, const AnswerFacts& facts) {
  return fmt::format("error code: {}\n{}. {}\nray id: {}\ntime: {}\n", problem.code, problem.title,
                     problem.happened, printable(facts.ray_id, 64), timestamp(facts.at));
}

std::string body(BodyForm form, const Problem& problem, const AnswerFacts& facts,
                 const PageTemplate* page) {
  switch (form) {
    case BodyForm::html:
      return page != nullptr ? page->render(problem, facts) : error_page(problem, facts);
    case BodyForm::problem_json:
    case BodyForm::json: return json_body(problem, facts);
    case BodyForm::markdown: return markdown_body(problem, facts);
    case BodyForm::text: return text_body(problem, facts);
  }
  std::unreachable();
}

}  // namespace

Answer answer(const Problem& problem, const AnswerFacts& facts, std::string_view accept,
              const PageTemplate* page) {
  const BodyForm form = negotiate(accept);
  Answer out;
  out.status = problem.status;
  out.reason = problem.title;
  auto add = [&](std::string_view name, std::string value) {
    out.headers.push_back({name, std::move(value)});
  };
  add("content-type", std::string{media_type(form)});
  add("cache-control", "private, no-store");  // 404, 405, 414 ... could be stored otherwise
  add("vary", "accept");
  const auto wait = retry_after(problem, facts).count();
  if (wait > 0) add("retry-after", fmt::format("{}", wait));
  if (problem.status == 405) add("allow", "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS");
  add("proxy-status", write(ProxyStatus{
                          .edge = facts.edge,
                          .token = problem.token,
                          .details = facts.details.empty() ? problem.id : facts.details,
                          .next_hop = facts.next_hop,
                          .received_status = facts.received_status,
                          .rcode = facts.rcode,
                          .info_code = facts.info_code,
                          .alert_id = facts.alert_id,
                      }));
  add("x-content-type-options", "nosniff");
  add("referrer-policy", "same-origin");
  if (form == BodyForm::html && page == nullptr) {
    add("content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'");
  }
  out.body = body(form, problem, facts, page);
  return out;
}

}  // namespace causeway::edge
