#include "watch/message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "watch/duration_words.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

constexpr std::size_t kEvidenceShown = 5;
constexpr std::size_t kFixesShown = 3;

void take_verdict(const model::Verdict& verdict, Message& out) {
  if (verdict.causes.empty()) return;
  const model::RankedCause& first = verdict.causes.front();
  for (const auto& reason : first.reasons) {
    if (out.evidence.size() == kEvidenceShown) break;
    out.evidence.push_back(reason.sentence);
  }
  for (const auto& fix : first.fixes) {
    if (out.fixes.size() == kFixesShown) break;
    out.fixes.push_back(fix.command.empty() ? fix.text
                                            : fmt::format("{}\n    {}", fix.text, fix.command));
  }
  if (verdict.causes.size() > 1 && first.probability < 0.9) {
    for (const auto& step : first.settles) {
      if (out.fixes.size() == kFixesShown) break;
      out.fixes.push_back(fmt::format("To settle it: {}{}{}", step.text,
                                      step.command.empty() ? "" : "\n    ", step.command));
    }
  }
}

std::string state_word(const Message& message) {
  if (message.kind == "recovered") return "RECOVERED";
  if (message.kind == "reminder")
    return "STILL " + std::string{message.severity == "down" ? "DOWN" : "OPEN"};
  if (message.kind == "escalated") return "NOBODY ANSWERED";
  if (message.kind == "test") return "TEST";
  if (message.severity == "down") return "DOWN";
  return message.severity == "degraded" ? "DEGRADED" : "NOTICE";
}

std::string clock_of(WallTime at) { return rfc3339(at).substr(0, 19) + "Z"; }

}  // namespace

Message headline_of(const store::Incident& incident, std::string kind) {
  Message out;
  out.kind = std::move(kind);
  out.incident = incident.id;
  out.severity = incident.severity;
  out.title = incident.title;
  out.cause_id = incident.cause;
  out.owner = incident.owner;
  out.sentence = incident.sentence;
  out.failure = incident.failure;
  out.code = incident.code;
  out.since = incident.first_failed;
  out.until = incident.closed;
  if (const auto cause = model::cause_named(incident.cause);
      cause && *cause != model::CauseId::unknown) {
    out.cause = fmt::format("{}: {}", incident.cause, row(*cause).title);
  }
  return out;
}

Message message_of(const MessageFacts& facts, std::string kind) {
  const store::Incident& incident = facts.incident;
  Message out = headline_of(incident, std::move(kind));
  if (facts.verdict) take_verdict(*facts.verdict, out);
  out.members_all = 0;
  for (const store::Member& member : facts.members) {
    // While it is open only those that still fail; afterwards all that did.
    if (incident.closed == WallTime{} && member.until != WallTime{}) continue;
    ++out.members_all;
    if (out.members.size() == limits::kWatchMembersShown) continue;
    const auto target = std::ranges::find(facts.targets, member.target, &store::Target::id);
    const std::string shown = target == facts.targets.end() ? member.target : target->name;
    out.members.push_back(member.failure.empty() ? shown
                                                 : fmt::format("{} ({})", shown, member.failure));
  }
  if (!facts.targets.empty()) {
    out.team = facts.targets.front().team;
    out.tags = facts.targets.front().tags;
  }
  if (!facts.console.empty()) {
    out.link = fmt::format("{}/incidents/{}", facts.console, incident.id);
  }
  return out;
}

Message digest_of(const std::vector<Message>& headlines) {
  Message out;
  const bool over = !headlines.empty() && headlines.front().kind == "recovered";
  out.kind = over ? "recovered" : "digest";
  out.severity = "notice";
  for (const Message& one : headlines) {
    if (one.severity == "down") out.severity = "down";
    if (one.severity == "degraded" && out.severity == "notice") out.severity = "degraded";
    if (out.since == WallTime{} || one.since < out.since) out.since = one.since;
    out.until = std::max(out.until, one.until);
    if (out.members.size() == limits::kWatchMembersShown) continue;
    const std::string lasted = over ? fmt::format(", for {}", words(one.until - one.since)) : "";
    out.members.push_back(
        fmt::format("{}{}{}{}", one.title, lasted, one.cause.empty() ? "" : " - ", one.cause));
  }
  out.members_all = headlines.size();
  out.title = fmt::format("{} incidents{}", headlines.size(), over ? " are over" : "");
  return out;
}

std::string subject_of(const Message& message) {
  return printable(fmt::format("[{}] {}", state_word(message), message.title), 200);
}

std::string text_of(const Message& message) {
  std::string out = subject_of(message) + "\n";
  const auto line = [&](std::string_view head, const std::string& text) {
    if (!text.empty()) out += fmt::format("{}{}\n", head, printable(text, 2000));
  };
  line("", message.sentence);
  if (message.kind == "recovered") {
    out += fmt::format(
        "{} {}, from {} to {}.\n", message.incident.empty() ? "All of it took" : "It lasted",
        words(message.until - message.since), clock_of(message.since), clock_of(message.until));
  } else if (message.since != WallTime{}) {
    out += fmt::format("Since {}.\n", clock_of(message.since));
  }
  line("", message.late);
  line("Cause: ", message.cause);
  if (!message.owner.empty() && !message.cause.empty()) line("To act: ", message.owner);
  for (const auto& sentence : message.evidence) line("Seen: ", sentence);
  for (const auto& fix : message.fixes) {
    const std::size_t cut = fix.find('\n');
    line("Fix: ", fix.substr(0, cut));
    if (cut != std::string::npos) line("    ", std::string{trim(fix.substr(cut))});
  }
  const bool list = message.members_all > 1 || message.kind == "digest";
  if (list) {
    out += fmt::format("Members ({}):\n", message.members_all);
    for (const auto& member : message.members) out += "  " + printable(member, 300) + "\n";
    if (message.members_all > message.members.size()) {
      out += fmt::format("  and {} more\n", message.members_all - message.members.size());
    }
  }
  line("", message.link);
  return out;
}

}  // namespace causeway::watch
