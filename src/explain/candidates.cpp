#include "explain/candidates.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "judge/judge.hpp"
#include "judge/words.hpp"

namespace causeway::explain {
namespace {

using model::CauseId;
using model::FailureId;
using model::Kind;
using model::Observation;
using model::Outcome;
using model::Stage;

constexpr double kNamed = 0.85;  // the words name the cause: the log may still be wrong about it
constexpr double kLeast = 0.02;
constexpr double kNamedToLookAlikes = 6;
constexpr std::size_t kMost = 8;

constexpr std::array kOrder{Stage::resolve, Stage::route, Stage::connect, Stage::secure,
                            Stage::exchange};

// The attempt that the proxy made, as far as the failure tells.
model::Attempt attempt_of(FailureId failure, int status, const Place& place) {
  model::Attempt out;
  if (place.endpoint) {
    out.address = place.endpoint->address;
    out.port = place.endpoint->port;
  }
  const auto& row = model::row(failure);
  bool reached = true;
  for (const Stage stage : kOrder) {
    if (stage == Stage::secure && !place.secure && row.stage != Stage::secure) continue;
    model::StageRecord record{.stage = stage, .outcome = Outcome::skipped};
    if (stage == row.stage) {
      record.outcome = Outcome::failed;
      record.failure = failure;
      reached = false;
    } else if (reached) {
      record.outcome = Outcome::ok;
    }
    out.stages.push_back(std::move(record));
  }
  if (failure == FailureId::http_status) out.status = status;
  return out;
}

judge::Evidence evidence_of(FailureId failure, int status, const Place& place) {
  judge::Evidence out;
  out.vantage = "log";
  const bool secure = place.secure || model::row(failure).stage == Stage::secure;
  const std::string host = place.host.empty() ? place.name : place.host;
  Observation target{Kind::target, "explain", host};
  target.set("url", fmt::format("{}://{}/", secure ? "https" : "http", host))
      .set("host", host)
      .set("scheme", secure ? "https" : "http");
  if (place.endpoint) target.set("port", static_cast<int>(place.endpoint->port));
  out.observations.push_back(std::move(target));
  if (place.endpoint) {
    Observation address{Kind::address, "explain", place.endpoint->address.text()};
    address.set("address", place.endpoint->address)
        .set("family", name(place.endpoint->address.family()))
        .set("source", "origin")
        .set("probed", true);
    out.observations.push_back(std::move(address));
  }
  int number = 0;
  for (auto& seen : out.observations) {
    seen.id = fmt::format("o{}", ++number);
    seen.vantage = out.vantage;
  }
  out.attempts.push_back(attempt_of(failure, status, place));
  return out;
}

void merge(std::vector<model::RankedCause>& into, model::RankedCause cause, double share) {
  cause.probability *= share;
  const auto found = std::ranges::find(into, cause.cause, &model::RankedCause::cause);
  if (found == into.end()) {
    into.push_back(std::move(cause));
  } else {
    found->probability += cause.probability;
  }
}

model::RankedCause named(CauseId id) {
  model::RankedCause out;
  out.cause = id;
  out.probability = kNamed;
  out.title = model::row(id).title;
  const auto& words = judge::cause_words(id);
  out.settles = words.settles;
  for (const auto& each : words.fixes) out.fixes.push_back(each.fix);
  return out;
}

// "10.0.0.5:8080", "[2001:db8::5]:443", or an address alone.
std::optional<Endpoint> endpoint_of(std::string_view origin, bool secure) {
  const auto found = Endpoint::parse(origin, secure ? 443 : 80);
  return found ? std::optional{*found} : std::nullopt;
}

std::string bare_host(std::string_view host) {
  if (host.starts_with('[')) return std::string{host.substr(0, host.find(']') + 1)};
  return std::string{host.substr(0, host.find(':'))};
}

// A host name may go into a command line only when it is one.
bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && host.front() != '-' &&
         std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

// Meanings list their failures by how often they are behind such a line. Where the line names one,
// the others that look the same are rare.
std::vector<double> weights_of(const Meaning& meaning) {
  std::vector<double> out(meaning.possible.all().size(), 1.0);
  if (meaning.told) {
    if (out.size() > 1) out.front() = static_cast<double>(out.size() - 1) * kNamedToLookAlikes;
    return out;
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = 1.0 / static_cast<double>(i + 1);
  return out;
}

}  // namespace

Place place_of(const codec::LogLine& line) {
  return {.host = bare_host(line.host),
          .endpoint = endpoint_of(line.origin, line.secure),
          .name = std::string{line.origin},
          .secure = line.secure};
}

Place place_of(const Group& group) {
  const auto& hosts = group.hosts.all();
  return {.host = hosts.empty() ? std::string{} : bare_host(hosts.front().name),
          .endpoint = endpoint_of(group.origin, group.secure),
          .name = group.origin,
          .secure = group.secure};
}

std::vector<model::RankedCause> candidates(const Meaning& meaning, const Place& place) {
  std::vector<model::RankedCause> out;
  double left = 1;
  if (meaning.cause != CauseId::unknown) {
    out.push_back(named(meaning.cause));
    left -= kNamed;
  }
  const auto all = meaning.possible.all();
  const auto weights = weights_of(meaning);
  double total = 0;
  for (const double each : weights) total += each;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto verdict = judge::judge(evidence_of(all[i], meaning.status, place));
    for (const auto& cause : verdict.causes) {
      if (cause.cause == CauseId::none || cause.cause == CauseId::unknown) continue;
      merge(out, cause, left * weights[i] / total);
    }
  }
  std::ranges::sort(out, [](const auto& a, const auto& b) {
    return a.probability != b.probability ? a.probability > b.probability : a.cause < b.cause;
  });
  std::erase_if(out, [](const auto& cause) { return cause.probability < kLeast; });
  if (out.size() > kMost) out.resize(kMost);
  return out;
}

std::string diagnose_command(const Place& place) {
  std::string out;
  if (is_host_name(place.host)) {
    out = fmt::format("causeway diagnose {}://{}/", place.secure ? "https" : "http", place.host);
    if (place.endpoint) out += fmt::format(" --origin {}", place.endpoint->text());
  } else if (place.endpoint) {
    out = fmt::format("causeway diagnose {}://{}/", place.secure ? "https" : "http",
                      place.endpoint->text());
  } else if (const auto name = place.name.substr(0, place.name.rfind(':')); is_host_name(name)) {
    out = fmt::format("causeway diagnose {}://{}/", place.secure ? "https" : "http", place.name);
  }
  return out;
}

}  // namespace causeway::explain
