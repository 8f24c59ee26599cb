#include "report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/json.hpp"

namespace causeway::report {
namespace {

constexpr std::size_t kPacketsKept = 60;
constexpr std::size_t kQuestions = 3;
constexpr double kWorthAsking = 0.1;
constexpr std::size_t kRuledOut = 20;
constexpr std::size_t kCited = 4;
constexpr std::size_t kIdDigits = 16;

std::string shown(std::string_view text) { return printable(text, limits::kTextKept); }

std::string utc(WallTime at) {
  std::string out = rfc3339(at).substr(0, 19);
  out[10] = ' ';
  return out + " UTC";
}

std::string local(WallTime at, int zone_minutes) {
  std::string out = rfc3339(at + std::chrono::minutes{zone_minutes}).substr(0, 19);
  out[10] = ' ';
  const int size = std::abs(zone_minutes);
  return fmt::format("{} {}{:02}:{:02}", out, zone_minutes < 0 ? '-' : '+', size / 60, size % 60);
}

std::vector<std::string> places(const model::Diagnosis& diagnosis) {
  std::vector<std::string> out;
  for (const auto& attempt : diagnosis.attempts) {
    if (!attempt.address || attempt.via != model::Via::direct) continue;
    auto text = fmt::format("{} port {}", attempt.address->text(), attempt.port);
    if (std::ranges::find(out, text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

std::string code_words(const model::Verdict& verdict, const Context& context) {
  if (verdict.code == 0) return {};
  std::string out = fmt::format("{}", verdict.code);
  if (!context.code_title.empty()) out += " " + context.code_title;
  if (verdict.subcode != 0) out += fmt::format(" ({})", verdict.subcode);
  return out;
}

std::vector<std::string> rays(const model::Diagnosis& diagnosis) {
  std::vector<std::string> out;
  for (const auto& seen : diagnosis.observations) {
    const auto ray = shown(seen.text("ray"));
    if (!ray.empty() && std::ranges::find(out, ray) == out.end()) out.push_back(ray);
  }
  return out;
}

WallTime ended(const model::Diagnosis& diagnosis) {
  return diagnosis.started +
         std::chrono::duration_cast<std::chrono::milliseconds>(diagnosis.duration);
}

std::vector<Fact> facts_of(const model::Diagnosis& diagnosis, const Context& context) {
  const auto& verdict = diagnosis.verdict;
  std::vector<Fact> out;
  const auto add = [&](std::string label, std::string value) {
    if (!value.empty()) out.push_back({std::move(label), std::move(value)});
  };
  add("domain", shown(diagnosis.target.host));
  add("URL", shown(diagnosis.target.url));
  add("server address", join(places(diagnosis), ", "));
  add("visitors see", code_words(verdict, context));
  if (verdict.failure)
    add("what happens",
        fmt::format("{} ({})", model::row(*verdict.failure).sentence, name(*verdict.failure)));
  add("time (UTC)",
      fmt::format("{} to {}", utc(diagnosis.started), utc(ended(diagnosis)).substr(11)));
  add("time (local)", local(diagnosis.started, context.zone_minutes));
  std::string from = shown(diagnosis.vantage.name);
  if (!diagnosis.vantage.addresses.empty())
    from += " (" + shown(join(diagnosis.vantage.addresses, ", ")) + ")";
  for (const auto& fact : context.incident) add(fact.label, shown(fact.value));
  add("measured from", from);
  add("ray ids", join(rays(diagnosis), ", "));
  return out;
}

std::string title_of(const model::Diagnosis& diagnosis, const Context& context) {
  const auto where = places(diagnosis);
  const auto code = code_words(diagnosis.verdict, context);
  std::string out = shown(diagnosis.target.host);
  if (!where.empty())
    out = where.front().starts_with(out + " ") ? where.front() : out + " at " + where.front();
  if (diagnosis.verdict.state == model::State::ok) return out + ": nothing fails";
  return out + ": " + (code.empty() ? "not reachable as it should be" : code);
}

// "o12" -> 12
int number_of(std::string_view id) {
  int out = 0;
  if (!id.empty()) std::from_chars(id.data() + 1, id.data() + id.size(), out);
  return out;
}

std::vector<Line> packets_of(const model::Diagnosis& diagnosis) {
  std::vector<Line> out;
  for (const auto& seen : diagnosis.observations) {
    auto text = packet_line(seen);
    if (text.empty()) continue;
    if (!seen.vantage.empty() && seen.vantage != diagnosis.vantage.name)
      text += fmt::format(" [seen by {}]", shown(seen.vantage));
    out.push_back({rfc3339(seen.at).substr(11, 12), std::move(text), {seen.id}});
  }
  std::ranges::sort(out, [](const Line& a, const Line& b) {
    return a.at != b.at ? a.at < b.at
                        : number_of(a.observations.front()) < number_of(b.observations.front());
  });
  // What the verdict cites must stay; the rest goes first when there is too much.
  const auto cited = [&](const Line& line) {
    for (const auto& cause : diagnosis.verdict.causes) {
      for (const auto& reason : cause.reasons) {
        if (std::ranges::find(reason.observations, line.observations.front()) !=
            reason.observations.end())
          return true;
      }
    }
    return false;
  };
  for (auto at = out.end(); at != out.begin() && out.size() > kPacketsKept;) {
    --at;
    if (!cited(*at)) at = out.erase(at);
  }
  return out;
}

std::vector<Line> path_to(const model::Diagnosis& diagnosis) {
  std::vector<Line> out;
  for (const auto& seen : diagnosis.observations) {
    if (seen.kind != model::Kind::trace || seen.texts("hops").empty()) continue;
    out.push_back({"", packet_line(seen), {seen.id}});
    int hop = 0;
    for (const auto& each : seen.texts("hops")) {
      ++hop;
      if (hop <= limits::kTraceHops)
        out.push_back({"", fmt::format("{:>4}  {}", hop, shown(each)), {}});
    }
  }
  return out;
}

std::vector<std::string> path_back(const model::Diagnosis& diagnosis) {
  std::string source;
  for (const auto& seen : diagnosis.observations) {
    if (seen.kind == model::Kind::connect && source.empty()) source = shown(seen.text("source"));
  }
  if (source.empty() && !diagnosis.vantage.addresses.empty())
    source = shown(diagnosis.vantage.addresses.front());
  const bool usable = IpAddress::parse(source).has_value() &&
                      classify(*IpAddress::parse(source)) == AddressClass::global;
  std::vector<std::string> out{
      "The path from the server back cannot be seen from outside. Please run on the server and "
      "send the output:"};
  out.push_back(fmt::format("mtr -rwzbc 50 --tcp --port {} {}", diagnosis.target.port,
                            usable ? source : "EDGE_ADDRESS"));
  out.emplace_back(
      "(EDGE_ADDRESS: an address of the edge that reached the server before; the access log has "
      "it.)");
  if (usable) out.pop_back();
  return out;
}

bool tells_of(const model::Observation& seen, model::Stage stage, model::FailureId failure) {
  using model::Kind;
  switch (stage) {
    case model::Stage::resolve: return seen.kind == Kind::dns || seen.kind == Kind::address;
    case model::Stage::route:
    case model::Stage::connect: return seen.kind == Kind::connect;
    case model::Stage::secure:
      return seen.kind ==
             (model::name(failure).starts_with("cert.") ? Kind::certificate : Kind::tls);
    case model::Stage::exchange: return seen.kind == Kind::http;
    default: return false;
  }
}

// Where the main question was answered: a second one that was not, or an address that is wrong.
bool tells_of_trouble(const model::Observation& seen) {
  using model::Kind;
  switch (seen.kind) {
    case Kind::burst:
      return seen.integer("refused") + seen.integer("silent") + seen.integer("later") > 0;
    case Kind::http: return seen.text("outcome") != "complete";
    case Kind::address: return seen.boolean("in_edge");
    default: return false;
  }
}

// What the failure itself was seen in: the reason for a cause that needs no other.
Line failure_itself(const model::Diagnosis& diagnosis) {
  Line out{"", "for: " + shown(diagnosis.verdict.sentence), {}};
  const auto failure = diagnosis.verdict.failure;
  for (const auto& attempt : diagnosis.attempts) {
    const auto* failed = attempt.failed_stage();
    if (failed == nullptr || failed->failure != failure || !failure) continue;
    for (const auto& seen : diagnosis.observations) {
      const bool there = !attempt.address || seen.text("address") == attempt.address->text();
      const bool main = seen.text("variant").empty() || seen.text("variant") == "main";
      const bool ours = seen.vantage.empty() || seen.vantage == diagnosis.vantage.name;
      if (there && main && ours && tells_of(seen, failed->stage, *failure))
        out.observations.push_back(seen.id);
    }
    if (!out.observations.empty()) break;
  }
  if (out.observations.empty()) {
    for (const auto& seen : diagnosis.observations) {
      if (tells_of_trouble(seen)) out.observations.push_back(seen.id);
    }
  }
  if (out.observations.size() > kCited) out.observations.resize(kCited);
  return out;
}

std::vector<Line> reasons_of(const model::Diagnosis& diagnosis) {
  const model::Verdict& verdict = diagnosis.verdict;
  std::vector<Line> out;
  for (const auto& cause : verdict.causes) {
    if (out.empty() || cause.probability >= kWorthAsking) {
      out.push_back({"",
                     fmt::format("{} ({:.0f} %): {}", name(cause.cause), cause.probability * 100,
                                 cause.title.empty() ? model::row(cause.cause).title
                                                     : std::string_view{cause.title}),
                     {}});
      for (const auto& reason : cause.reasons)
        out.push_back({"", "for: " + reason.sentence, reason.observations});
      if (cause.reasons.empty()) out.push_back(failure_itself(diagnosis));
      for (const auto& reason : cause.counter_reasons)
        out.push_back({"", "against: " + reason.sentence, reason.observations});
    }
  }
  return out;
}

std::vector<Line> ruled_out_of(const model::Verdict& verdict) {
  std::vector<Line> out;
  for (const auto& each : verdict.ruled_out) {
    if (out.size() == kRuledOut) break;
    Line line{"", fmt::format("{}: {}", name(each.cause), model::row(each.cause).title), {}};
    for (const auto& reason : each.because) {
      line.text += " - " + reason.sentence;
      line.observations.insert(line.observations.end(), reason.observations.begin(),
                               reason.observations.end());
    }
    out.push_back(std::move(line));
  }
  return out;
}

std::vector<std::string> questions_of(const model::Diagnosis& diagnosis) {
  std::vector<std::string> out;
  for (const auto& cause : diagnosis.verdict.causes) {
    if (out.size() == kQuestions || cause.cause == model::CauseId::none) break;
    if (!out.empty() && cause.probability < kWorthAsking) break;
    auto question = question_for(cause.cause, diagnosis);
    if (std::ranges::find(out, question) == out.end()) out.push_back(std::move(question));
  }
  if (out.empty() && diagnosis.verdict.state != model::State::ok)
    out.push_back(question_for(model::CauseId::unknown, diagnosis));
  return out;
}

}  // namespace

Report build(model::Diagnosis diagnosis, Context context) {
  Report out;
  out.id = sha256_hex(model::to_json(diagnosis)).substr(0, kIdDigits);
  out.title = title_of(diagnosis, context);
  out.summary = shown(diagnosis.verdict.sentence);
  out.facts = facts_of(diagnosis, context);
  out.incident = std::move(context.incident);
  out.questions = questions_of(diagnosis);
  out.packets = packets_of(diagnosis);
  out.path_to = path_to(diagnosis);
  out.path_back = path_back(diagnosis);
  if (!context.measured_back.empty())
    out.path_back = {"Measured on the server:", std::move(context.measured_back)};
  out.why = reasons_of(diagnosis);
  out.ruled_out = ruled_out_of(diagnosis.verdict);
  out.hidden = std::move(context.hidden);
  out.attachments = std::move(context.attachments);
  out.diagnosis = std::move(diagnosis);
  return out;
}

}  // namespace causeway::report
